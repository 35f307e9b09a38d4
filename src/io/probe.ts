const SLICES = 16;
const SLICE_BYTES = 512;
const SAMPLE = SLICES * SLICE_BYTES;

/**
 * Random bytes have a sum of squared counts of SAMPLE² / 256 + SAMPLE × (1 ± 0.1). Measured over 256 KiB blocks: output
 * of deflate, xz, zstd and bzip2 stays below this bound and would not shrink at all; blocks of jar files below it would by 3 %.
 */
const MAX_SQUARES = (SAMPLE * SAMPLE) / 256 + 2 * SAMPLE;

/**
 * Whether compression would gain next to nothing on `block`, judged by how evenly byte values are spread over 8 KiB of
 * it. Whole numbers only, so that every machine decides alike. Repetition far apart is not seen.
 */
export function looksIncompressible(block: Uint8Array): boolean {
  if (block.length < SAMPLE) return false;
  const counts = new Uint32Array(256);
  const stride = Math.floor((block.length - SLICE_BYTES) / (SLICES - 1));
  for (let slice = 0; slice < SLICES; slice++) countBytes(block, slice * stride, counts);
  let squares = 0;
  for (const count of counts) squares += count * count;
  return squares <= MAX_SQUARES;
}

function countBytes(block: Uint8Array, at: number, counts: Uint32Array): void {
  for (let i = at; i < at + SLICE_BYTES; i++) {
    const value = block[i] ?? 0;
    counts[value] = (counts[value] ?? 0) + 1;
  }
}
