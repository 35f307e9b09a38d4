import { baseName, parentPath } from '../core/paths.ts';
import { isWhiteout, type TocEntry } from '../core/toc.ts';

/**
 * What a row is. `implied` is a directory that has entries below it and none of its own, `passed` one that has nothing
 * but whiteouts below it.
 */
export const ROW_TYPES = [
  'implied',
  'passed',
  'whiteout',
  'opaque',
  'directory',
  'hardlink',
  'file',
  'symlink',
  'character',
  'block',
  'fifo',
] as const;
export type RowType = (typeof ROW_TYPES)[number];

/** Numbers of the types, as they are stored. */
export const TYPE = Object.fromEntries(ROW_TYPES.map((type, code) => [type, code])) as Record<RowType, number>;

/** No path has such a component. */
export const OPAQUE_NAME = '.';

/** A table's rows before it is written: the entries in their order, and directories without one before what is in them. */
export interface Rows {
  readonly types: readonly number[];
  /** Row of the directory that a row lies in, plus one; 0 is the root. Always an earlier row. */
  readonly parents: readonly number[];
  /** Last component of the path; an opaque marker lies in the directory that it hides, as {@link OPAQUE_NAME}. */
  readonly names: readonly string[];
  readonly entries: readonly (TocEntry | undefined)[];
  /** For a hard link to an earlier file of the layer: the row of that, plus one. */
  readonly targets: ReadonlyMap<number, number>;
  /**
   * Whether the order of the entries does not count, but for what lower layers have: no path twice, nothing below what is
   * no directory, an opaque marker before all else in its directory, hard links to files of the layer.
   */
  readonly isPlain: boolean;
}

export function placeRows(entries: readonly TocEntry[]): Rows {
  const placed = new Placement();
  for (const entry of entries) placed.add(entry);
  const { types, parents, names, entries: placedEntries } = placed;
  const targets = linkTargets(placedEntries);
  const links = entries.reduce((count, { type }) => (type === 'hardlink' ? count + 1 : count), 0);
  const isPlain = placed.isPlain && links === targets.size && (placed.isSorted || areUnique(placed));
  return { types, parents, names, entries: placedEntries, targets, isPlain };
}

class Placement {
  readonly types: number[] = [];
  readonly parents: number[] = [];
  readonly names: string[] = [];
  readonly entries: (TocEntry | undefined)[] = [];
  /** Opaque markers come first in their directory. */
  isPlain = true;
  /** Whether the names of each directory come in rising order, and so none twice. */
  isSorted = true;
  /** By path: row of a directory, plus one. */
  readonly #directories = new Map<string, number>([['', 0]]);
  /** By parent: the name that came last in it. */
  readonly #last: (string | undefined)[] = [undefined];
  #current = { path: '', row: 0 };

  add(entry: TocEntry): void {
    const { path, type } = entry;
    const parent = this.#directoryRow(this.#directoryOf(entry), isWhiteout(entry));
    if (type === 'opaque' && this.#last[parent] !== undefined) this.isPlain = false;
    const row = this.#push({ parent, name: type === 'opaque' ? OPAQUE_NAME : baseName(path), type: TYPE[type] }, entry);
    if (type === 'directory') this.#directories.set(path, row);
  }

  /** Nearly always that of the entry before: finding out costs less than a text for each. */
  #directoryOf({ path, type }: TocEntry): string {
    if (type === 'opaque') return path;
    const { path: current } = this.#current;
    const isSame = path.lastIndexOf('/') === current.length && path.startsWith(current);
    return isSame ? current : parentPath(path);
  }

  #directoryRow(path: string, isForMarker: boolean): number {
    if (this.#current.path !== path) {
      const known = this.#directories.get(path);
      this.#current = { path, row: known ?? this.#imply(path, isForMarker) };
    }
    if (!isForMarker) this.#fill(this.#current.row);
    return this.#current.row;
  }

  #imply(path: string, isForMarker: boolean): number {
    const parent = this.#directoryRow(parentPath(path), isForMarker);
    const row = this.#push({ parent, name: baseName(path), type: TYPE.passed }, undefined);
    this.#directories.set(path, row);
    return row;
  }

  /** A directory that has something in it is there, and so are those around it. */
  #fill(row: number): void {
    for (let at = row; at > 0 && this.types[at - 1] === TYPE.passed; at = this.parents[at - 1] ?? 0) {
      this.types[at - 1] = TYPE.implied;
    }
  }

  #push(
    { parent, name, type }: { readonly parent: number; readonly name: string; readonly type: number },
    entry: TocEntry | undefined,
  ): number {
    const last = this.#last[parent];
    if (last !== undefined && last >= name) this.isSorted = false;
    this.#last[parent] = name;
    this.#last.push(undefined);
    this.types.push(type);
    this.parents.push(parent);
    this.names.push(name);
    return this.entries.push(entry);
  }
}

function areUnique({ parents, names }: Placement): boolean {
  const seen = new Set<string>();
  for (let row = 0; row < names.length; row++) seen.add(`${parents[row]}/${names[row]}`);
  return seen.size === names.length;
}

/** By row of a hard link: the last file before it that has the path which it names, plus one. */
function linkTargets(entries: readonly (TocEntry | undefined)[]): Map<number, number> {
  const targets = new Map<number, number>();
  const links = entries.flatMap((entry) => (entry?.type === 'hardlink' ? (entry.link ?? []) : []));
  if (links.length === 0) return targets;
  const wanted = new Set(links);
  const files = new Map<string, number>();
  entries.forEach((entry, row) => {
    const target = entry?.type === 'hardlink' ? files.get(entry.link ?? '') : undefined;
    if (target !== undefined) targets.set(row, target);
    if (entry === undefined || !wanted.has(entry.path) || entry.type === 'opaque') return;
    if (entry.type === 'directory' || entry.type === 'whiteout') files.delete(entry.path);
    else files.set(entry.path, row + 1);
  });
  return targets;
}
