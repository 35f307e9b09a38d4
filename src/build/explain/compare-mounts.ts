import type { Ingredient } from '../../cache/frame.ts';
import { cutDigests } from '../../cache/long-values.ts';
import type { RecalledRecord, RecordedIngredient } from '../../cache/records.ts';
import { compareFiles } from './compare-files.ts';
import type { MissReason } from './miss-reason.ts';

const MOUNT = 'mount ';
const FILES = 'files of ';

/** What of a miss is compared here. */
type Listed = { readonly ingredients: readonly Ingredient[]; readonly remarks: readonly Ingredient[] };

export function isMount(name: string): boolean {
  return name.startsWith(MOUNT);
}

/** The remark that names the files which a mount shows: its key has no more than the digest of them all. */
export function mountFilesRemark(target: string, files: readonly string[]): Ingredient {
  return { name: `${FILES}${target}`, value: files };
}

/** Compares the mounts of two commands. Only their options are known here: no content of a secret, ever. */
export function compareMounts(earlier: RecalledRecord, now: Listed): MissReason[] {
  const old = byTarget(earlier.ingredients);
  const mounts = byTarget(now.ingredients);
  return [...new Set([...mounts.keys(), ...old.keys()])].flatMap((mount): MissReason[] => {
    const [before, after] = [old.get(mount), mounts.get(mount)];
    if (before === after) return [];
    if (before === undefined) return [{ kind: 'mount', mount, change: 'added' }];
    if (after === undefined) return [{ kind: 'mount', mount, change: 'removed' }];
    return [filesOf(mount, earlier.remarks, now.remarks) ?? { kind: 'mount', mount, change: 'changed' }];
  });
}

/** Mounts as `type,target=PATH`, and all that is known of each. */
function byTarget(ingredients: readonly RecordedIngredient[]): Map<string, string> {
  const mounts = ingredients.flatMap((ingredient): [string, string][] => {
    if (!isMount(ingredient.name) || !('value' in ingredient)) return [];
    const { name, value } = ingredient;
    return [[`${name.slice(MOUNT.length)},${identityOf(name.slice(MOUNT.length), value)}`, cutDigests(String(value))]];
  });
  return new Map(mounts);
}

/** See `mountIngredient`: caches, secrets and agents begin with their id, the others with their target. */
function identityOf(type: string, value: Ingredient['value']): string {
  const [first = ''] = value;
  return type === 'bind' || type === 'tmpfs' ? `target=${first}` : `id=${first}`;
}

function filesOf(
  mount: string,
  before: readonly RecordedIngredient[],
  after: readonly Ingredient[],
): MissReason | undefined {
  const target = mount.slice(mount.indexOf('=') + 1);
  const name = `${FILES}${target}`;
  const old = before.find((remark) => remark.name === name);
  const now = after.find((remark) => remark.name === name);
  if (old === undefined || now === undefined || !('value' in old)) return undefined;
  const { total, changes } = compareFiles([...old.value].map(cutDigests), [...now.value].map(cutDigests));
  // A mount may show a single file.
  const named = changes.map((change) => (change.path === '.' ? { ...change, path: target } : change));
  return total === 0 ? undefined : { kind: 'files', unit: 'file', mount, total, changes: named };
}
