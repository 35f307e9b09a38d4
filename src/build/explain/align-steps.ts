/** An instruction of a text, and how far it is the same in two texts. */
const EQUAL = 4;

/**
 * Finds for each instruction of a stage the one of an earlier build that it stands for: the pairing, in order, that keeps
 * the most. Equal texts count most, then instructions of one kind, the more words they share. So an instruction that was
 * inserted, removed or edited leaves those above and below it where they were. One that was moved is found by its text.
 * @returns for each of `now` the index in `earlier`, or `undefined` for a new one
 */
export function alignSteps(earlier: readonly string[], now: readonly string[]): (number | undefined)[] {
  const pairs = pairInOrder(earlier, now);
  const taken = new Set(pairs);
  return pairs.map((pair, at) => {
    const moved = pair ?? earlier.findIndex((text, old) => text === now[at] && !taken.has(old));
    if (moved < 0) return undefined;
    taken.add(moved);
    return moved;
  });
}

function pairInOrder(earlier: readonly string[], now: readonly string[]): (number | undefined)[] {
  const scores = scoreTable(earlier, now);
  const pairs: (number | undefined)[] = [];
  let old = 0;
  for (let at = 0; at < now.length; ) {
    const best = scores[at]?.[old] ?? 0;
    if (
      old < earlier.length &&
      best === pairedScore(scores, { old, at }, likenessOf(earlier[old] ?? '', now[at] ?? ''))
    )
      pairs[at++] = old++;
    else if (best === scores[at + 1]?.[old]) pairs[at++] = undefined;
    else old++;
  }
  return pairs;
}

/** Nothing for two that cannot be a pair. */
function pairedScore(
  scores: readonly (readonly number[])[],
  { old, at }: { readonly old: number; readonly at: number },
  likeness: number,
): number | undefined {
  return likeness === 0 ? undefined : likeness + (scores[at + 1]?.[old + 1] ?? 0);
}

/** The best sum of scores for what is left, from each pair of positions on. */
function scoreTable(earlier: readonly string[], now: readonly string[]): number[][] {
  const width = earlier.length + 1;
  const scores: number[][] = Array.from({ length: now.length + 1 }, () => new Array<number>(width).fill(0));
  for (let at = now.length - 1; at >= 0; at--) {
    for (let old = earlier.length - 1; old >= 0; old--) {
      const likeness = likenessOf(earlier[old] ?? '', now[at] ?? '');
      const paired = pairedScore(scores, { old, at }, likeness) ?? 0;
      const best = Math.max(paired, scores[at + 1]?.[old] ?? 0, scores[at]?.[old + 1] ?? 0);
      (scores[at] as number[])[old] = best;
    }
  }
  return scores;
}

function likenessOf(a: string, b: string): number {
  if (a === b) return EQUAL;
  const [first, ...words] = a.split(/\s+/);
  const [other, ...others] = b.split(/\s+/);
  if (first?.toUpperCase() !== other?.toUpperCase()) return 0;
  const known = new Set(words);
  const shared = others.filter((word) => known.has(word)).length;
  return 1 + shared / Math.max(words.length, others.length, 1);
}

/** How much of one list is in another, to choose among several. */
export function likenessOfSteps(a: readonly string[], b: readonly string[]): number {
  const known = new Set(a);
  return b.filter((text) => known.has(text)).length;
}
