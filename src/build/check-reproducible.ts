import { createBlobIndex } from '../cache/blob-index.ts';
import { createBlockLists } from '../cache/block-lists.ts';
import { OptionError } from '../core/errors.ts';
import { createTocStore } from '../rootfs/toc-store.ts';
import { createBlobStore } from '../store/blob-store.ts';
import { build } from './build.ts';
import { cacheFolders } from './cache-folders.ts';
import { resolveSettings } from './defaults.ts';
import { findImageDifference, type ImageDifference } from './image-difference.ts';
import { createLayerLibrary, type LayerLibrary } from './layer-library.ts';
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
  const second = await build({ ...options, noCache: true, tags: [], outputs: [] });
  if (first.image.descriptor.digest === second.image.descriptor.digest) return { first, second };
  const library = openLibrary(options);
  const difference = await findImageDifference(first.image, second.image, library.toc);
  return { first, second, ...(difference && { difference }) };
}

function readOnce(): OptionError {
  return new OptionError('OPTION_UNSUPPORTED_CONTEXT', 'a stream can be read once, but has to be built twice', {
    hint: 'give the directory, or an address',
  });
}

function openLibrary(options: BuildOptions): LayerLibrary {
  const { cacheDir, compression, limits } = resolveSettings(options);
  const folders = cacheFolders(cacheDir);
  return createLayerLibrary({
    store: createBlobStore(folders.store),
    blobs: createBlobIndex(folders.blobs),
    tocs: createTocStore(folders.tocs),
    blocks: createBlockLists(folders.blocks),
    compression,
    limits,
  });
}
