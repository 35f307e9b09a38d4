import { baseName, parentPath } from '../core/paths.ts';
import { isWhiteout, type TocEntry } from '../core/toc.ts';
import type { SectionWriter } from './columns.ts';
import { TocColumnsWriter } from './toc-columns.ts';
import { linkTargets } from './toc-links.ts';
import { OPAQUE_NAME, TYPE } from './toc-rows.ts';
import type { StoredHead } from './toc-table.ts';

/**
 * Lays out the rows of a table of contents: the entries in their order, and directories without one before what is in them.
 * What it keeps of an entry are some numbers and texts in columns.
 */
export class TocWriter {
  readonly #columns = new TocColumnsWriter();
  /** By path: row of a directory, plus one. */
  readonly #directories = new Map<string, number>([['', 0]]);
  /** By row of a directory, plus one: the name that came last in it. */
  readonly #last = new Map<number, string>();
  #current = { path: '', row: 0 };
  #links = 0;
  /** Opaque markers come first in their directory. */
  #isMarkedFirst = true;
  /** Whether the names of each directory come in rising order, and so none twice. */
  #isSorted = true;

  add(entry: TocEntry): void {
    const { path, type } = entry;
    const parent = this.#directoryRow(this.#directoryOf(entry), isWhiteout(entry));
    if (type === 'opaque' && this.#last.has(parent)) this.#isMarkedFirst = false;
    if (type === 'hardlink') this.#links++;
    const name = type === 'opaque' ? OPAQUE_NAME : baseName(path);
    const row = this.#place(parent, name, TYPE[type]);
    if (type === 'directory') this.#directories.set(path, row + 1);
    if (!isWhiteout(entry)) this.#columns.describe(entry);
  }

  /** To be called once; nothing is added any more. */
  storeIn(sections: SectionWriter): Omit<StoredHead, 'order' | 'diffId' | 'size'> {
    const columns = this.#columns;
    const targets = this.#links === 0 ? new Map<number, number>() : linkTargets(columns);
    if (targets.size > 0) columns.linkToRows(targets);
    const isUnique = this.#isSorted || areUnique(columns);
    const isPlain = this.#isMarkedFirst && this.#links === targets.size && isUnique;
    return { count: columns.count, isPlain, ...columns.storeIn(sections) };
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
    const row = this.#place(parent, baseName(path), TYPE.passed) + 1;
    this.#directories.set(path, row);
    return row;
  }

  /** A directory that has something in it is there, and so are those around it. */
  #fill(row: number): void {
    const { type, parent } = this.#columns.numbers;
    for (let at = row; at > 0 && type.at(at - 1) === TYPE.passed; at = parent.at(at - 1)) {
      type.lower(at - 1, TYPE.implied);
    }
  }

  #place(parent: number, name: string, type: number): number {
    const last = this.#last.get(parent);
    if (last !== undefined && last >= name) this.#isSorted = false;
    this.#last.set(parent, name);
    return this.#columns.place({ type, parent, name });
  }
}

function areUnique(columns: TocColumnsWriter): boolean {
  const seen = new Set<string>();
  const { parent } = columns.numbers;
  for (let row = 0; row < columns.count; row++) seen.add(`${parent.at(row)}/${columns.name(row)}`);
  return seen.size === columns.count;
}
