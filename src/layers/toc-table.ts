import type { DiffId } from '../core/digest.ts';
import { toDigest } from '../core/digest.ts';
import { joinPath } from '../core/paths.ts';
import type { EntryType, Metadata, TocEntry, TocFileEntry } from '../core/toc.ts';
import type { Numbers, StoredNumbers, StoredTexts, Texts } from './columns.ts';
import { ROW_TYPES, type RowType, TYPE } from './toc-rows.ts';

/**
 * Columns of numbers. Those of what a row may lack count from 1, and 0 says that it lacks it: the properties themselves, and
 * the numbers of its texts, of its digest and of the row that a hard link leads to.
 */
export const NUMBERS = [
  'type',
  'parent',
  'mode',
  'uid',
  'gid',
  'mtime',
  'size',
  'mtimeNanoseconds',
  'major',
  'minor',
  'offset',
  'digest',
  'link',
  'target',
  'xattrs',
  'data',
] as const;
export type NumberName = (typeof NUMBERS)[number];

/** Columns of texts; each row has a name. Extended attributes are JSON, data are the bytes themselves. */
export const TEXTS = ['name', 'link', 'xattrs', 'data'] as const;
export type TextName = (typeof TEXTS)[number];

export const DIGEST_BYTES = 32;

export interface TocColumns {
  readonly numbers: Readonly<Record<NumberName, Numbers>>;
  readonly texts: Readonly<Record<TextName, Texts>>;
  /** One after another, {@link DIGEST_BYTES} each. */
  readonly digests: Buffer;
}

export interface TocHead {
  readonly diffId: DiffId;
  readonly size: number;
  /** Rows, with those of directories that have no entry. */
  readonly count: number;
  /**
   * Whether the order of the entries does not count, but for what lower layers have: no path twice, nothing below what is
   * no directory, an opaque marker before all else in its directory, hard links to files of the layer.
   */
  readonly isPlain: boolean;
}

/** A head as it is written, which says where the columns are. */
export interface StoredHead extends TocHead {
  /** Of the bytes of a number: `LE` or `BE`. */
  readonly order: string;
  readonly numbers: Readonly<Record<NumberName, StoredNumbers>>;
  readonly texts: Readonly<Record<TextName, StoredTexts>>;
  readonly digests: { readonly at: number; readonly length: number };
}

type Draft = { -readonly [P in keyof TocFileEntry]: TocFileEntry[P] };

/** What a row says of its path, whatever the layer. */
type RowFacts = Omit<Draft, 'path' | 'type' | 'offset'>;

/** The row of the root, which every table has in thought. */
export const ROOT_ROW = -1;

/**
 * A stored table of contents, read where it stands: a row costs nothing until somebody asks for it. Rows follow the tar,
 * a directory before what is in it.
 */
export class TocTable {
  readonly head: TocHead;
  /** The whole file. */
  readonly bytes: Buffer;
  readonly #columns: TocColumns;
  #children: Children | undefined;

  constructor(head: TocHead, columns: TocColumns, bytes: Buffer) {
    this.head = head;
    this.bytes = bytes;
    this.#columns = columns;
  }

  type(row: number): RowType {
    return row === ROOT_ROW ? 'implied' : (ROW_TYPES[this.#columns.numbers.type.at(row)] ?? 'implied');
  }

  name(row: number): string {
    return this.#columns.texts.name.text(row);
  }

  /** Row of the directory that it lies in. */
  parent(row: number): number {
    return this.#columns.numbers.parent.at(row) - 1;
  }

  /** Row of the file that a hard link leads to in the end; of a link to a file of another layer its own. */
  target(row: number): number {
    const { target } = this.#columns.numbers;
    let at = row;
    while (target.at(at) > 0) at = target.at(at) - 1;
    return at;
  }

  size(row: number): number {
    return this.#columns.numbers.size.at(row);
  }

  /** Where the content of a file begins in the tar. */
  offset(row: number): number | undefined {
    const offset = this.#columns.numbers.offset.at(row);
    return offset === 0 ? undefined : offset - 1;
  }

  path(row: number): string {
    return row === ROOT_ROW ? '' : joinPath(this.path(this.parent(row)), this.name(row));
  }

  rowsOf(type: RowType): number[] {
    return this.#columns.numbers.type.rowsOf(TYPE[type], this.head.count);
  }

  /** Rows of what lies in a directory, in their order. */
  *children(row: number): Generator<number, void> {
    this.#children ??= indexChildren(this.#columns.numbers.parent, this.head.count);
    const { first, next } = this.#children;
    for (let at = first[row + 1] ?? 0; at > 0; at = next[at - 1] ?? 0) yield at - 1;
  }

  /** Whether a directory hides what lower layers have in it. */
  isOpaque(row: number): boolean {
    for (const child of this.children(row)) return this.type(child) === 'opaque';
    return false;
  }

  /** Adds to a draft what the row of an entry says; markers and directories without an entry say nothing. */
  describe(draft: RowFacts, row: number): void {
    const { mode, uid, gid, mtime, size } = this.#columns.numbers;
    draft.mode = mode.at(row);
    draft.uid = uid.at(row);
    draft.gid = gid.at(row);
    draft.mtime = mtime.at(row);
    draft.size = size.at(row);
    this.#addTexts(draft, row);
    this.#addNumbers(draft, row);
  }

  /** In the order of the tar. */
  entries(): TocEntry[] {
    const entries: TocEntry[] = [];
    let directory = { row: ROOT_ROW, path: '' };
    for (let row = 0; row < this.head.count; row++) {
      const type = this.type(row);
      if (type === 'implied' || type === 'passed') continue;
      const parent = this.parent(row);
      if (parent !== directory.row) directory = { row: parent, path: this.path(parent) };
      if (type === 'opaque') entries.push({ path: directory.path, type });
      else entries.push(this.#entry(joinPath(directory.path, this.name(row)), type, row));
    }
    return entries;
  }

  #entry(path: string, type: EntryType | 'whiteout', row: number): TocEntry {
    if (type === 'whiteout') return { path, type };
    const entry = { path, type };
    const draft = entry as unknown as Draft;
    this.describe(draft, row);
    const offset = this.offset(row);
    if (offset !== undefined) draft.offset = offset;
    return draft;
  }

  /** Each by its name: one whose name is a variable takes ten times as long. */
  #addTexts(draft: RowFacts, row: number): void {
    const { numbers, texts, digests } = this.#columns;
    const digest = numbers.digest.at(row) * DIGEST_BYTES;
    const link = numbers.link.at(row);
    const target = numbers.target.at(row);
    const xattrs = numbers.xattrs.at(row);
    const data = numbers.data.at(row);
    if (digest > 0) draft.digest = toDigest(digests.toString('hex', digest - DIGEST_BYTES, digest));
    if (link > 0) draft.link = texts.link.text(link - 1);
    if (target > 0) draft.link = this.path(target - 1);
    if (xattrs > 0) draft.xattrs = JSON.parse(texts.xattrs.text(xattrs - 1)) as NonNullable<Metadata['xattrs']>;
    if (data > 0) draft.data = texts.data.content(data - 1).toString('base64');
  }

  #addNumbers(draft: RowFacts, row: number): void {
    const { mtimeNanoseconds, major, minor } = this.#columns.numbers;
    if (mtimeNanoseconds.at(row) > 0) draft.mtimeNanoseconds = mtimeNanoseconds.at(row) - 1;
    if (major.at(row) > 0) draft.major = major.at(row) - 1;
    if (minor.at(row) > 0) draft.minor = minor.at(row) - 1;
  }
}

/** By row of a directory plus one: its first child; by row: the next one in its directory. Both plus one, 0 for none. */
interface Children {
  readonly first: Uint32Array;
  readonly next: Uint32Array;
}

function indexChildren(parents: Numbers, count: number): Children {
  const first = new Uint32Array(count + 1);
  const next = new Uint32Array(count);
  for (let row = count - 1; row >= 0; row--) {
    const parent = parents.at(row);
    next[row] = first[parent] ?? 0;
    first[parent] = row + 1;
  }
  return { first, next };
}
