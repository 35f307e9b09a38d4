/** A small generator of numbers (mulberry32): the same seed gives the same input on every machine. */
export function createRandom(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit) => Math.floor(next() * limit);
  const pick = (items) => items[below(items.length)];
  const times = (limit, make) => Array.from({ length: below(limit + 1) }, make);
  return { below, pick, times };
}

/** A text cut from pieces, with a few characters of any kind. */
export function randomText({ below, pick, times }, pieces, most) {
  const character = () => String.fromCodePoint(pick([below(0x80), below(0x800), below(0xd800), 0x1f600 + below(80)]));
  return times(most, () => (below(12) === 0 ? character() : pick(pieces))).join('');
}

/** Another text or array of bytes with parts removed, doubled, or replaced by `part()`. */
export function mutated({ below, times }, value, part) {
  let current = value;
  for (const edit of times(6, () => [below(current.length + 1), below(9), below(3)])) {
    const [at, length, kind] = edit;
    const added = kind === 0 ? part() : current.slice(at, at + length);
    const rest = current.slice(kind === 2 ? at : at + length);
    current = join(current.slice(0, at), added, rest);
  }
  return current;
}

function join(...parts) {
  return typeof parts[0] === 'string' ? parts.join('') : Buffer.concat(parts);
}
