import { OptionError } from '../core/errors.ts';
import { createBlobStore } from '../store/blob-store.ts';
import { build } from './build.ts';
import { cacheFolders } from './cache-folders.ts';
import { resolveSettings, type Settings } from './defaults.ts';
import { findImageDifference, type ImageDifference } from './image-difference.ts';
import { openLibrary } from './kept-content.ts';
import type { BuildOptions } from './options.ts';
import type { BuildResult } from './result.ts';

/** What {@link checkReproducible} found. */
export interface ReproducibilityReport {
  /** The build that was asked for. */
  readonly first: BuildResult;
  /** The same once more, every step carried out; it has neither names nor outputs. */
  readonly second: BuildResult;
  /** Absent when both images are the same to the byte. */
  readonly difference?: ImageDifference;
}

/**
 * Builds twice, the second time without the cache, and compares. `onEvent` hears of both builds, one after the other.
 * @throws OptionError `OPTION_UNSUPPORTED_CONTEXT` for a stream; as {@link build} does
 *
 * @example
 * ```ts
 * const { difference } = await checkReproducible({ context: '.' });
 * if (difference?.kind === 'layer') console.log(difference.createdBy, difference.path, difference.changes);
 * ```
 */
export async function checkReproducible(options: BuildOptions = {}): Promise<ReproducibilityReport> {
  if (typeof options.context === 'object') throw readOnce();
  const first = await build(options);
  const second = await build({ ...options, noCache: true, tags: [], outputs: [], cacheFrom: [], cacheTo: [] });
  const difference = await firstDifference(first, second, resolveSettings(options));
  return { first, second, ...(difference && { difference }) };
}

/** Of the platforms in the order that was asked for. */
async function firstDifference(
  first: BuildResult,
  second: BuildResult,
  settings: Settings,
): Promise<ImageDifference | undefined> {
  const folders = cacheFolders(settings.cacheDir);
  const { library } = openLibrary(createBlobStore(folders.store), folders, settings);
  for (const [at, image] of first.images.entries()) {
    const other = second.images[at];
    if (other === undefined || other.descriptor.digest === image.descriptor.digest) continue;
    const difference = await findImageDifference(image, other, library.toc);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function readOnce(): OptionError {
  return new OptionError('OPTION_UNSUPPORTED_CONTEXT', 'a stream can be read once, but has to be built twice', {
    hint: 'give the directory, or an address',
  });
}
