import type { PathChange } from './miss-reason.ts';

/** How many changes a reason names; the rest is counted. */
const MOST_CHANGES = 100;

export interface FileChanges {
  readonly total: number;
  readonly changes: readonly PathChange[];
}

/**
 * Compares two lists of files as they stand in keys: texts of JSON lists that begin with a path, and perhaps heads of
 * `[kind, name, count]` before the files of each source. Equal lists give no change.
 */
export function compareFiles(before: readonly string[], after: readonly string[]): FileChanges {
  const [fromBefore, fromAfter] = withoutEqualEnds(filesOf(before), filesOf(after));
  const old = onlyIn(fromBefore, fromAfter);
  const now = onlyIn(fromAfter, fromBefore);
  const changes = withoutFolders(renamed([...pairs(old, now)]));
  return { total: changes.length, changes: changes.sort(byPath).slice(0, MOST_CHANGES) };
}

/** A path with what the key says of it. */
type Fields = readonly unknown[];

/** The source that a file belongs to, where there are several, and what the key says of it. */
interface Placed {
  readonly prefix: string;
  readonly text: string;
}

/** The files of a list, and the prefix of each: of many thousand files, most of which are equal, none becomes an object. */
interface Files {
  readonly texts: readonly string[];
  readonly prefixes: readonly string[];
}

/** Most of two long lists is equal, from the first file on and from the last one back. */
function withoutEqualEnds(a: Files, b: Files): [readonly Placed[], readonly Placed[]] {
  const [lengthA, lengthB] = [a.texts.length, b.texts.length];
  const isSame = (x: number, y: number): boolean => a.texts[x] === b.texts[y] && a.prefixes[x] === b.prefixes[y];
  const shorter = Math.min(lengthA, lengthB);
  let start = 0;
  while (start < shorter && isSame(start, start)) start++;
  let end = 0;
  while (end < shorter - start && isSame(lengthA - 1 - end, lengthB - 1 - end)) end++;
  return [placed(a, start, lengthA - end), placed(b, start, lengthB - end)];
}

function placed({ texts, prefixes }: Files, start: number, end: number): Placed[] {
  return texts.slice(start, end).map((text, at) => ({ text, prefix: prefixes[start + at] ?? '' }));
}

/** By path, what one list has and the other has not in the same place. */
function onlyIn(list: readonly Placed[], other: readonly Placed[]): Map<string, Fields> {
  const known = new Set(other.map(({ prefix, text }) => prefix + text));
  const found = new Map<string, Fields>();
  for (const { prefix, text } of list) {
    if (known.has(prefix + text)) continue;
    const [path, ...fields] = JSON.parse(text) as [string, ...unknown[]];
    found.set(pathIn(prefix, path), fields);
  }
  return found;
}

/** Files without the heads of their sources. */
function filesOf(list: readonly string[]): Files {
  const sources = headsOf(list);
  if (sources === undefined) return { texts: list, prefixes: list.map(() => '') };
  const texts: string[] = [];
  const prefixes: string[] = [];
  const isOne = sources.length === 1;
  for (const [index, { at, kind, name, count }] of sources.entries()) {
    const prefix = kind === 'file' ? name : isOne ? '' : `:${index}`;
    for (const text of list.slice(at + 1, at + 1 + count)) {
      texts.push(text);
      prefixes.push(prefix);
    }
  }
  return { texts, prefixes };
}

interface Head {
  readonly at: number;
  readonly kind: string;
  readonly name: string;
  readonly count: number;
}

/** `undefined` for a list without heads. */
function headsOf(list: readonly string[]): Head[] | undefined {
  const heads: Head[] = [];
  for (let at = 0; at < list.length; ) {
    const head = JSON.parse(list[at] ?? '[]') as unknown[];
    const [kind, name, count] = head;
    const isHead = head.length === 3 && typeof kind === 'string' && typeof name === 'string';
    if (!isHead || typeof count !== 'number') return undefined;
    heads.push({ at, kind, name, count });
    at += count + 1;
  }
  return heads;
}

function pathIn(prefix: string, path: string): string {
  const name = prefix.replace(/:\d+$/, '');
  return [name, path].filter((part) => part !== '').join('/') || '.';
}

function* pairs(old: ReadonlyMap<string, Fields>, now: ReadonlyMap<string, Fields>): Generator<Change> {
  for (const [path, fields] of now) {
    const before = old.get(path);
    if (before === undefined) yield { path, change: 'added', details: [], fields };
    else yield { path, change: 'changed', details: differences(before, fields), fields };
  }
  for (const [path, fields] of old) if (!now.has(path)) yield { path, change: 'removed', details: [], fields };
}

interface Change extends PathChange {
  readonly fields: Fields;
}

const [TYPE, MODE, UID, GID, SIZE, LINK, MAJOR, MINOR, CAPABILITY, CONTENT] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] as const;

/** In the words of `ls -l`. */
function differences(before: Fields, after: Fields): string[] {
  const differs = (...fields: readonly number[]): boolean =>
    fields.some((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]));
  if (differs(TYPE)) return [`${before[TYPE]}→${after[TYPE]}`];
  return [
    ...(differs(SIZE, CONTENT) ? ['content'] : []),
    ...(differs(MODE) ? [`mode ${octal(before[MODE])}→${octal(after[MODE])}`] : []),
    ...(differs(UID, GID) ? [`owner ${before[UID]}:${before[GID]}→${after[UID]}:${after[GID]}`] : []),
    ...(differs(LINK) ? [`link ${before[LINK]}→${after[LINK]}`] : []),
    ...(differs(MAJOR, MINOR) ? ['device'] : []),
    ...(differs(CAPABILITY) ? ['capabilities'] : []),
  ];
}

export function octal(mode: unknown): string {
  return Number(mode).toString(8).padStart(4, '0');
}

/** A file that is gone and one of the same content that is new are one file with another name, where that is certain. */
function renamed(changes: readonly Change[]): Change[] {
  const gone = byContent(changes, 'removed');
  const come = byContent(changes, 'added');
  const replaced = new Set<Change>();
  const renames: Change[] = [];
  for (const [content, [to, ...others]] of come) {
    const [from, ...more] = gone.get(content) ?? [];
    if (from === undefined || to === undefined || others.length + more.length > 0) continue;
    replaced.add(from).add(to);
    renames.push({ ...to, change: 'renamed', from: from.path });
  }
  return [...changes.filter((change) => !replaced.has(change)), ...renames];
}

function byContent(changes: readonly Change[], which: PathChange['change']): Map<string, Change[]> {
  const found = new Map<string, Change[]>();
  for (const change of changes) {
    const content = change.fields[CONTENT];
    if (change.change !== which || typeof content !== 'string') continue;
    found.set(content, [...(found.get(content) ?? []), change]);
  }
  return found;
}

/** Folders that came or went with files in them say nothing more. */
function withoutFolders(changes: readonly Change[]): PathChange[] {
  const isFolder = ({ fields, change }: Change): boolean =>
    fields[TYPE] === 'directory' && (change === 'added' || change === 'removed');
  const files = changes.filter((change) => !isFolder(change));
  return (files.length === 0 ? changes : files).map(({ fields: _fields, ...change }) => change);
}

function byPath(a: PathChange, b: PathChange): number {
  return a.path < b.path ? -1 : 1;
}
