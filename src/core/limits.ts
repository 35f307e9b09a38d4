import { LayerError } from './errors.ts';

/** How much a layer or archive may hold before it is taken for an attack. */
export interface LayerLimits {
  /** Of the uncompressed archive. */
  readonly bytes: number;
  readonly entries: number;
}

/** More than any image that we have seen, less than what a few megabytes of a decompression bomb become. */
export const DEFAULT_LIMITS: LayerLimits = { bytes: 64 * 2 ** 30, entries: 5_000_000 };

export function tooLarge(entry: string, what: string, whole = 'the layer'): LayerError {
  return new LayerError('LAYER_TOO_LARGE', `${whole} has more than ${what}, at entry ${JSON.stringify(entry)}`, {
    entry,
    hint: 'if that much is meant, allow it with --max-layer-size or --max-layer-entries',
  });
}
