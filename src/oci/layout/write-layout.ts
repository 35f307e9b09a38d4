import { existsSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Digest, hexOf } from '../../core/digest.ts';
import { OptionError } from '../../core/errors.ts';
import type { Descriptor } from '../../core/image.ts';
import type { BlobPaths } from '../../core/ports.ts';
import { writeAtomic } from '../../io/atomic-file.ts';
import { errnoOf, toHostError } from '../../io/host-error.ts';
import { makeFolder } from '../../io/make-folder.ts';
import type { DescriptorReader } from '../graph.ts';
import { formatIndex } from '../image/manifest.ts';
import { Annotation, contentOfAll, type NamedImage, toIndexEntries } from '../named-image.ts';
import { BLOBS, INDEX_FILE, LAYOUT_CONTENT, LAYOUT_FILE } from './layout-files.ts';
import { isLeaseFile, type LayoutWriting, writeInTurn } from './layout-writing.ts';
import { placeBlob } from './place-blob.ts';
import { readLayout } from './read-layout.ts';

/** Content by descriptor that a layout may link to where it lies in files. */
export type LayoutSource = DescriptorReader & Partial<BlobPaths>;

/**
 * Makes `dir` an OCI image layout that holds exactly these images. The index appears last and at once, so a reader sees
 * the old images or the new ones; content that no longer is referenced goes afterwards. Writing again changes nothing. What a
 * failure leaves is what was there before. Waits while another process writes there, unless `signal` aborts.
 * @throws OptionError `OPTION_OUTPUT_NOT_EMPTY`, `OPTION_OUTPUT_IS_STORE`; HostError
 */
export async function writeLayout(
  dir: string,
  exports: readonly NamedImage[],
  reader: LayoutSource,
  signal?: AbortSignal,
): Promise<void> {
  const content = await contentFor(dir, exports, reader);
  await attempt(dir, signal, async (writing) => {
    await writeContent(dir, content, { reader, writing });
    await writeIfChanged(join(dir, INDEX_FILE), formatIndex(toIndexEntries(exports)));
    await removeOthers(join(dir, BLOBS), content);
  });
}

/**
 * Adds an image to a layout, which is made when it is not there. What has a name of the image loses it; other images and
 * their content stay.
 * @throws as {@link writeLayout}
 */
export async function addToLayout(
  dir: string,
  added: NamedImage,
  reader: LayoutSource,
  signal?: AbortSignal,
): Promise<void> {
  const content = await contentFor(dir, [added], reader);
  await attempt(dir, signal, async (writing) => {
    await writeContent(dir, content, { reader, writing });
    const before = existsSync(join(dir, INDEX_FILE)) ? (await readLayout(dir)).manifests : [];
    const entries = toIndexEntries([added]);
    const kept = before.filter((entry) => !entries.some((other) => replaces(other, entry)));
    await writeIfChanged(join(dir, INDEX_FILE), formatIndex([...kept, ...entries]));
  });
}

/** One name stands for one image; an image without a name stands there once. */
function replaces(added: Descriptor, existing: Descriptor): boolean {
  const names = [Annotation.imageName, Annotation.refName].map((key) =>
    [added, existing].map((e) => e.annotations?.[key]),
  );
  const named = names.some(([a, b]) => a !== undefined && a === b);
  return named || (added.digest === existing.digest && names.every(([, b]) => b === undefined));
}

async function contentFor(
  dir: string,
  exports: readonly NamedImage[],
  reader: LayoutSource,
): Promise<readonly Descriptor[]> {
  const content = await contentOfAll(reader, exports);
  checkApart(dir, content, reader);
  return content;
}

interface ContentWriting {
  readonly reader: LayoutSource;
  readonly writing: LayoutWriting;
}

async function writeContent(
  dir: string,
  content: readonly Descriptor[],
  { reader, writing }: ContentWriting,
): Promise<void> {
  await prepareDirectory(dir, writing);
  for (const descriptor of content) {
    const path = blobPath(dir, descriptor.digest);
    writing.adds(path);
    await placeBlob(path, descriptor, reader);
  }
}

async function attempt(
  dir: string,
  signal: AbortSignal | undefined,
  write: (writing: LayoutWriting) => Promise<void>,
): Promise<void> {
  try {
    if (existsSync(dir)) await requireLayout(dir);
    await writeInTurn(dir, signal, write);
  } catch (error) {
    throw toHostError(error, 'write the image layout', dir);
  }
}

function blobPath(dir: string, digest: Digest): string {
  return join(dir, BLOBS, hexOf(digest));
}

/** The store itself is a layout; exporting there would remove all that is not the image. */
function checkApart(dir: string, content: readonly Descriptor[], reader: Partial<BlobPaths>): void {
  const inside = content.some(
    ({ digest }) => reader.pathOf && resolve(reader.pathOf(digest)) === resolve(blobPath(dir, digest)),
  );
  if (!inside) return;
  throw new OptionError('OPTION_OUTPUT_IS_STORE', `${dir} is the store that the image is in`, {
    hint: 'choose another directory for the output',
  });
}

/** @throws OptionError `OPTION_OUTPUT_NOT_EMPTY` for a folder that holds something else */
async function requireLayout(dir: string): Promise<void> {
  const names = (await readdir(dir)).filter((name) => !isLeaseFile(name));
  if (names.length > 0 && !names.includes(LAYOUT_FILE)) {
    throw new OptionError('OPTION_OUTPUT_NOT_EMPTY', `${dir} is not empty and not an OCI image layout`, {
      hint: 'choose an empty or new directory; lamella removes what an earlier image left there',
    });
  }
}

async function prepareDirectory(dir: string, writing: LayoutWriting): Promise<void> {
  await requireLayout(dir);
  writing.adds(join(dir, LAYOUT_FILE));
  await writeIfChanged(join(dir, LAYOUT_FILE), LAYOUT_CONTENT);
  makeFolder(join(dir, BLOBS));
}

async function writeIfChanged(path: string, content: Uint8Array): Promise<void> {
  if (!(await hasContent(path, content))) await writeAtomic(path, content);
}

async function hasContent(path: string, content: Uint8Array): Promise<boolean> {
  try {
    return (await readFile(path)).equals(content);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}

async function removeOthers(blobs: string, content: readonly Descriptor[]): Promise<void> {
  const wanted = new Set(content.map(({ digest }) => hexOf(digest)));
  for (const name of await readdir(blobs)) {
    if (!wanted.has(name)) await rm(join(blobs, name), { recursive: true, force: true });
  }
}
