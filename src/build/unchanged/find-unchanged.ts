import { statSync } from 'node:fs';
import { areUnchanged, isUnchangedFile } from '../../context/file-watch.ts';
import type { Digest } from '../../core/digest.ts';
import { touchFile } from '../../io/touch.ts';
import { normalizeReference } from '../../oci/registry/docker-hub.ts';
import { cacheFolders } from '../cache-folders.ts';
import { resolveSettings, type Settings } from '../defaults.ts';
import type { BuildEvent } from '../events.ts';
import { createImageNames } from '../names.ts';
import type { BuildOptions } from '../options.ts';
import { createPulledImages } from '../pulled.ts';
import type { BuildResult } from '../result.ts';
import { type ProducedFile, readRecord, type UnchangedRecord, type UsedImage } from './record-file.ts';
import { recordPath } from './record-path.ts';

/**
 * The result of a build that was done before, when nothing changed since: one walk, one comparison, one lookup, and all
 * that it made is still there. Tells the events of a build that finds every step in the cache. `undefined` when there is
 * anything to do or to complain of. Loads no more than built-in modules, unless a registry must be asked.
 */
export async function findUnchanged(options: BuildOptions): Promise<BuildResult | undefined> {
  const startedMs = performance.now();
  const settings = settingsOf(options);
  const path = settings && recordPath(options, settings);
  const record = path === undefined ? undefined : readRecord(path);
  if (settings === undefined || record === undefined || options.signal?.aborted === true) return undefined;
  if (!(await areNamedPathsThere(options))) return undefined;
  const answers: TagAsked[] = [];
  if (path === undefined || !(await isStillTrue(record, settings, { ...options, onAnswer: (a) => answers.push(a) }))) {
    return undefined;
  }
  touchFile(path);
  for (const event of [...answers, ...record.events]) options.onEvent?.(event);
  const { descriptor } = record.result.image;
  options.onEvent?.({ type: 'done', image: descriptor, durationMs: performance.now() - startedMs });
  return record.result;
}

/** Most builds name none but folders that are there: what looks at all others is not loaded for these. */
async function areNamedPathsThere(options: BuildOptions): Promise<boolean> {
  const { secrets = [], ssh = [], buildContexts = {} } = options;
  try {
    const areFolders = Object.values(buildContexts).every((path) => statSync(path, QUIETLY)?.isDirectory());
    if (secrets.length + ssh.length === 0 && areFolders) return true;
    const { refuseMissingPaths } = await import('../named-paths.ts');
    refuseMissingPaths(options);
    return true;
  } catch {
    return false;
  }
}

const QUIETLY = { throwIfNoEntry: false } as const;

/** Whoever gives contradicting options shall hear of it from the build. */
function settingsOf(options: BuildOptions): Settings | undefined {
  try {
    return resolveSettings(options);
  } catch {
    return undefined;
  }
}

type TagAsked = Extract<BuildEvent, { readonly type: 'tag-asked' }>;

interface Asking extends Pick<BuildOptions, 'registry' | 'signal'> {
  readonly onAnswer: (answer: TagAsked) => void;
}

/**
 * What cannot be looked at is the build's to complain of. Registries are asked while the contexts are walked, unless the
 * first looks have shown that the build has to be done.
 */
async function isStillTrue(record: UnchangedRecord, settings: Settings, asking: Asking): Promise<boolean> {
  try {
    const names = localNames(settings);
    if (!isAsRecorded(record, names) || !areFoundAlike(record.images, names, settings)) return false;
    const needless = new AbortController();
    const walking = areContextsUnchanged(record).then((areUnchangedAll) => {
      if (!areUnchangedAll) needless.abort();
      return areUnchangedAll;
    });
    const signal = AbortSignal.any([needless.signal, ...(asking.signal === undefined ? [] : [asking.signal])]);
    const alike = await Promise.all([
      areResolvedAlike(imagesToResolve(record.images, settings), { ...asking, signal }),
      walking,
    ]);
    return alike.every(Boolean);
  } catch {
    return false;
  }
}

type LocalNames = ReadonlyMap<string, Digest>;

function localNames({ cacheDir }: Settings): LocalNames {
  const images = createImageNames(cacheFolders(cacheDir).store).list();
  return new Map(images.map(({ name, descriptor }) => [name, descriptor.digest]));
}

function isAsRecorded({ files, produced, result }: UnchangedRecord, names: LocalNames): boolean {
  return (
    files.every(({ path, identity }) => isUnchangedFile(path, identity)) &&
    produced.every(isThere) &&
    result.names.every((name) => names.get(name) === result.image.descriptor.digest)
  );
}

async function areContextsUnchanged({ contexts }: UnchangedRecord): Promise<boolean> {
  for (const context of contexts) if (!(await areUnchanged(context))) return false;
  return true;
}

function isThere({ path, size, mtimeMs }: ProducedFile): boolean {
  const stats = statSync(path, QUIETLY);
  return stats?.size === size && (mtimeMs === undefined || stats.mtimeMs === mtimeMs);
}

/** Whether each image is still found where it was, as far as can be told without asking a registry. */
function areFoundAlike(images: readonly UsedImage[], names: LocalNames, settings: Settings): boolean {
  const { pull } = settings;
  if (!images.every((image) => isFoundAlike(image, names, pull))) return false;
  return asksRegistries(settings) || arePulledAlike(images.filter(isTag), settings);
}

/** What the `pull` option says. */
function asksRegistries({ pull }: Settings): boolean {
  return pull !== 'missing' && pull !== 'never';
}

function imagesToResolve(images: readonly UsedImage[], settings: Settings): readonly UsedImage[] {
  return asksRegistries(settings) ? images.filter(isTag) : [];
}

/** A name that may come to mean another image. */
function isTag({ kind, name }: UsedImage): boolean {
  return kind === 'pulled' && !name.includes('@');
}

function isFoundAlike({ kind, name, digest }: UsedImage, names: LocalNames, pull: Settings['pull']): boolean {
  const local = pull === 'always' ? undefined : names.get(name);
  return local === (kind === 'local' ? digest : undefined);
}

/** Another build may have pulled a name anew, for which nobody is asked here. */
function arePulledAlike(images: readonly UsedImage[], { cacheDir }: Settings): boolean {
  const pulled = createPulledImages(cacheFolders(cacheDir).pulled);
  return images.every(
    ({ name, platform, digest }) => pulled.find(normalizeReference(name), platform)?.resolved === digest,
  );
}

async function areResolvedAlike(
  images: readonly UsedImage[],
  { registry, signal, onAnswer }: Asking & { readonly signal: AbortSignal },
): Promise<boolean> {
  if (images.length === 0) return true;
  const { createRegistryClient } = await import('../../oci/registry/client.ts');
  if (signal.aborted) return false;
  const client = createRegistryClient({ ...registry, signal });
  const resolve = async ({ name, digest }: UsedImage): Promise<boolean> => {
    const startedMs = performance.now();
    const found = await client.resolve(normalizeReference(name));
    onAnswer({ type: 'tag-asked', reference: name, durationMs: performance.now() - startedMs });
    return found.digest === digest;
  };
  try {
    return (await Promise.all(images.map(resolve))).every(Boolean);
  } catch {
    return false;
  } finally {
    await client.close();
  }
}
