import { createReadStream } from 'node:fs';
import { link, rename, stat } from 'node:fs/promises';
import type { Descriptor } from '../../core/image.ts';
import type { BlobPaths, Written } from '../../core/ports.ts';
import { temporaryName, writeAtomic } from '../../io/atomic-file.ts';
import { DigestCounter } from '../../io/hash.ts';
import { errnoOf } from '../../io/host-error.ts';
import type { DescriptorReader } from '../graph.ts';

/** Another file system, no right to link (`fs.protected_hardlinks`), too many links, no links at all: then copy. */
const NO_LINK = ['EXDEV', 'EPERM', 'EACCES', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'ENOENT'];

/** Brings a blob to `path`: a hard link to the store's file where that can be, else a verified copy. */
export async function placeBlob(
  path: string,
  descriptor: Descriptor,
  reader: DescriptorReader & Partial<BlobPaths>,
): Promise<void> {
  const source = reader.pathOf?.(descriptor.digest);
  if (source !== undefined && (await placeLink(source, path, descriptor.size))) return;
  if (await holds(path, descriptor)) return;
  await writeAtomic(path, reader.read(descriptor));
}

async function placeLink(source: string, path: string, size: number): Promise<boolean> {
  const from = await statOrNothing(source);
  if (from === undefined || from.size !== size) return false;
  const existing = await statOrNothing(path);
  if (existing?.ino === from.ino && existing.dev === from.dev) return true;
  const temporary = temporaryName(path);
  try {
    await link(source, temporary);
  } catch (error) {
    if (NO_LINK.includes(errnoOf(error) ?? '')) return false;
    throw error;
  }
  await rename(temporary, path);
  return true;
}

/** What is there may have been altered, so its size alone does not count. */
async function holds(path: string, expected: Written): Promise<boolean> {
  if ((await statOrNothing(path))?.size !== expected.size) return false;
  const counter = new DigestCounter();
  for await (const chunk of createReadStream(path)) counter.update(chunk);
  return counter.finish().digest === expected.digest;
}

async function statOrNothing(path: string): Promise<{ size: number; ino: bigint; dev: bigint } | undefined> {
  try {
    const { size, ino, dev } = await stat(path, { bigint: true });
    return { size: Number(size), ino, dev };
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
