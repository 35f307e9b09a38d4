import { statSync } from 'node:fs';
import { areUnchanged, isUnchangedFile } from '../../context/file-watch.ts';
import { normalizeReference } from '../../oci/registry/docker-hub.ts';
import { cacheFolders } from '../cache-folders.ts';
import { resolveSettings, type Settings } from '../defaults.ts';
import { createImageNames, type ImageNames } from '../names.ts';
import type { BuildOptions } from '../options.ts';
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
  const named = areNamedAlike(record.images, options, settings);
  const isSame = isAsRecorded(record, settings);
  if (!(await named) || !isSame) return undefined;
  for (const event of record.events) options.onEvent?.(event);
  const { descriptor } = record.result.image;
  options.onEvent?.({ type: 'done', image: descriptor, durationMs: performance.now() - startedMs });
  return record.result;
}

/** Whoever gives contradicting options shall hear of it from the build. */
function settingsOf(options: BuildOptions): Settings | undefined {
  try {
    return resolveSettings(options);
  } catch {
    return undefined;
  }
}

function isAsRecorded({ contexts, files, produced, result }: UnchangedRecord, { cacheDir }: Settings): boolean {
  const names = createImageNames(cacheFolders(cacheDir).store);
  return (
    files.every(({ path, identity }) => isUnchangedFile(path, identity)) &&
    produced.every(isThere) &&
    result.names.every((name) => names.find(name)?.digest === result.image.descriptor.digest) &&
    contexts.every(areUnchanged)
  );
}

function isThere({ path, size, mtimeMs }: ProducedFile): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats?.size === size && (mtimeMs === undefined || stats.mtimeMs === mtimeMs);
}

/** Whether each image is found where it was, and is the same; a registry is asked as the `pull` option says. */
async function areNamedAlike(
  images: readonly UsedImage[],
  options: BuildOptions,
  { cacheDir, pull }: Settings,
): Promise<boolean> {
  const names = createImageNames(cacheFolders(cacheDir).store);
  if (!images.every((image) => isFoundAlike(image, names, pull))) return false;
  if (pull === 'missing' || pull === 'never') return true;
  const pulled = images.filter(({ kind, name }) => kind === 'pulled' && !name.includes('@'));
  return pulled.length === 0 || (await areResolvedAlike(pulled, options));
}

function isFoundAlike({ kind, name, digest }: UsedImage, names: ImageNames, pull: Settings['pull']): boolean {
  const local = pull === 'always' ? undefined : names.find(name)?.digest;
  return local === (kind === 'local' ? digest : undefined);
}

async function areResolvedAlike(images: readonly UsedImage[], options: BuildOptions): Promise<boolean> {
  const { createRegistryClient } = await import('../../oci/registry/client.ts');
  const client = createRegistryClient({ ...options.registry, ...(options.signal && { signal: options.signal }) });
  try {
    const found = await Promise.all(images.map(({ name }) => client.resolve(normalizeReference(name))));
    return found.every(({ digest }, index) => digest === images[index]?.digest);
  } catch {
    return false;
  } finally {
    await client.close();
  }
}
