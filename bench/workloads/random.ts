/** Random numbers that are the same on every machine. */
export interface Random {
  /** At least 0, below 1. */
  next(): number;
  /** An integer of 0 to `limit` - 1. */
  below(limit: number): number;
}

/** xorshift32. */
export function createRandom(seed: number): Random {
  let state = seed | 1;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  return { next, below: (limit) => Math.floor(next() * limit) };
}
