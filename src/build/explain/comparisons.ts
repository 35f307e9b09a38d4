import type { Ingredient } from '../../cache/frame.ts';
import { compareFiles, type FileChanges } from './compare-files.ts';
import { compareTargets } from './compare-targets.ts';
import { compareVariables } from './compare-variables.ts';
import type { MissReason } from './miss-reason.ts';

/** `below`: the layers below differ; the stage can tell why. */
export type Difference = MissReason | { readonly kind: 'below' };

type Value = string | readonly string[];

/** Two values of an ingredient, the digests in them cut. */
export interface Pair {
  readonly from: Value;
  readonly to: Value;
}

interface Remarks {
  readonly before: readonly Ingredient[];
  readonly now: readonly Ingredient[];
}

const ARGS = 'args';
const CONTENT = 'content';

/** Which variables of a command come from ARG, as a remark. */
export function argsRemark(names: readonly string[]): Ingredient[] {
  return names.length === 0 ? [] : [{ name: ARGS, value: names }];
}

/** The files of a directory that stands for a base image, of which the key has a digest. */
export function contentRemark(files: readonly string[]): Ingredient {
  return { name: CONTENT, value: files };
}

/** How ingredients are compared whose values say more than that they differ, by name. */
export const COMPARISONS: Readonly<Record<string, (pair: Pair, remarks: Remarks) => Difference[]>> = {
  parent: () => [{ kind: 'below' }],
  'unpacked over': (pair) => (pair.from === '' || pair.to === '' ? [] : [{ kind: 'below' }]),
  platform: ({ from, to }) => [{ kind: 'platform', from: asText(from), to: asText(to) }],
  argv: compareCommands,
  script: ({ from, to }) => [{ kind: 'command', from: asText(from), to: asText(to) }],
  env: ({ from, to }, { before, now }) =>
    compareVariables(asList(from), asList(to), new Set([...remarkNamed(before, ARGS), ...remarkNamed(now, ARGS)])),
  sources: ({ from, to }) => filesReason('file', compareFiles(asList(from), asList(to))),
  target: ({ from, to }) => compareTargets(asList(from), asList(to)),
  content: compareContents,
};

/** Ingredients as people write them, where that is not their name. */
export const OPTION_NAMES: Readonly<Record<string, string>> = {
  times: '--timestamps',
  cwd: 'WORKDIR',
  user: 'USER',
  hosts: '--add-host',
  limits: '--ulimit',
  'no new privileges': '--security-opt=no-new-privileges',
  network: '--network',
  security: '--security',
  chown: '--chown',
  chmod: '--chmod',
  link: '--link',
  parents: '--parents',
  host: 'rights of this machine',
  modified: 'time of the download',
  entries: 'directories of the path',
};

/** Of a shell command the text alone, unless the shell is another one. */
function compareCommands({ from, to }: Pair): Difference[] {
  const [before, after] = [asList(from), asList(to)];
  const isSameShell = JSON.stringify(before.slice(0, -1)) === JSON.stringify(after.slice(0, -1));
  const text = (words: readonly string[]): string => (isSameShell ? (words.at(-1) ?? '') : words.join(' '));
  return [{ kind: 'command', from: text(before), to: text(after) }];
}

/** A list of packages, links and files of a native installation, or the digest of the files that remarks name. */
function compareContents({ from, to }: Pair, { before, now }: Remarks): Difference[] {
  if (typeof to === 'string') {
    const known = filesReason('file', compareFiles(remarkNamed(before, CONTENT), remarkNamed(now, CONTENT)));
    return known.length > 0 ? known : [{ kind: 'files', unit: 'file', total: 0, changes: [] }];
  }
  const { total, changes } = compareFiles(asList(from), to);
  return filesReason('package', { total, changes: changes.map((change) => ({ ...change, details: [] })) });
}

function filesReason(unit: 'file' | 'package', { total, changes }: FileChanges): Difference[] {
  return total === 0 ? [] : [{ kind: 'files', unit, total, changes }];
}

function remarkNamed(remarks: readonly Ingredient[], name: string): readonly string[] {
  const value = remarks.find((remark) => remark.name === name)?.value ?? [];
  return typeof value === 'string' ? asList(value) : [...value];
}

function asList(value: Value): readonly string[] {
  if (typeof value !== 'string') return value;
  return value === '' ? [] : [value];
}

export function asText(value: Value): string {
  return typeof value === 'string' ? value : value.join(', ');
}
