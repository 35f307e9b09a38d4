/**
 * The candidate that `word` was most likely meant to be, or `undefined` when none is near. Case does not count; among
 * equally near candidates the first wins.
 */
export function suggest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const distance = nearness(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** Edit distance, or infinity for words too different to be a slip of the same word. */
function nearness(word: string, candidate: string): number {
  const limit = Math.min(3, Math.ceil(Math.min(word.length, candidate.length) / 3));
  if (word === '' || Math.abs(word.length - candidate.length) > limit) return Number.POSITIVE_INFINITY;
  const distance = editDistance(word, candidate);
  return distance <= limit ? distance : Number.POSITIVE_INFINITY;
}

/** Damerau-Levenshtein distance, in the variant that edits no part twice (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = at(last, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = swapped ? at(beforeLast, j - 2) + 1 : Number.POSITIVE_INFINITY;
      row.push(Math.min(change, swap, at(last, j) + 1, at(row, j - 1) + 1));
    }
    [beforeLast, last] = [last, row];
  }
  return at(last, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
