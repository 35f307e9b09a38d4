import type { Ingredient } from '../../cache/frame.ts';
import { cutAllDigests, cutDigests } from '../../cache/long-values.ts';
import { digestsOfValue, type RecalledRecord, type RecordedIngredient } from '../../cache/records.ts';
import { TextList } from '../../cache/text-list.ts';
import type { Digest } from '../../core/digest.ts';
import { compareMounts, isMount } from './compare-mounts.ts';
import { asText, COMPARISONS, type Difference, OPTION_NAMES, type Pair } from './comparisons.ts';

/** What a step is made from, as it would be recorded. */
export interface NewParts {
  readonly recipe: string;
  readonly ingredients: readonly Ingredient[];
  readonly remarks: readonly Ingredient[];
}

/** What of a key differs from the key of an earlier record, ingredient by ingredient. */
export function compareRecords(earlier: RecalledRecord, now: NewParts): Difference[] {
  if (earlier.recipe !== undefined && earlier.recipe !== now.recipe) {
    return [{ kind: 'recipe', from: earlier.recipe, to: now.recipe }];
  }
  const names = [...new Set([...now.ingredients, ...earlier.ingredients].map(({ name }) => name))];
  const compared = names.filter((name) => !isMount(name)).flatMap((name) => compareOne(name, earlier, now));
  return [...compared, ...compareMounts(earlier, now)];
}

type Value = Ingredient['value'];

function compareOne(name: string, earlier: RecalledRecord, now: NewParts): Difference[] {
  const before = earlier.ingredients.find((each) => each.name === name);
  const value = now.ingredients.find((each) => each.name === name)?.value;
  if (before === undefined && value === undefined) return [];
  if (before !== undefined && !('value' in before)) return isDigestOf(before.digest, value) ? [] : unknownChange(name);
  const pair = { from: cut(before?.value ?? ''), to: cut(value ?? '') };
  if (before !== undefined && value !== undefined && isEqual(pair)) return [];
  const compare = COMPARISONS[name];
  if (compare !== undefined) return compare(pair, { before: cutAll(earlier.remarks), now: cutAll(now.remarks) });
  return [{ kind: 'option', name: OPTION_NAMES[name] ?? name, from: asText(pair.from), to: asText(pair.to) }];
}

function isDigestOf(digest: Digest, value: Value | undefined): boolean {
  return value !== undefined && digestsOfValue(value).includes(digest);
}

function isEqual({ from, to }: Pair): boolean {
  if (typeof from === 'string' || typeof to === 'string') return from === to;
  return from.length === to.length && from.every((text, at) => text === to[at]);
}

function cut(value: Value): string | readonly string[] {
  if (typeof value === 'string') return cutDigests(value);
  return value instanceof TextList ? [...value.batches()].flatMap(cutAllDigests) : value.map(cutDigests);
}

/** Those that were kept. */
function cutAll(remarks: readonly RecordedIngredient[]): Ingredient[] {
  return remarks.flatMap((remark) => ('value' in remark ? [{ name: remark.name, value: cut(remark.value) }] : []));
}

function unknownChange(name: string): Difference[] {
  if (name === 'sources') return [{ kind: 'files', unit: 'file', total: 0, changes: [] }];
  return [{ kind: 'option', name: OPTION_NAMES[name] ?? name, from: 'what was not kept', to: 'another value' }];
}
