import { isDigest, toDiffId } from '../core/digest.ts';
import { isWithin, Numbers, Texts } from './columns.ts';
import { OPAQUE_NAME, ROW_TYPES, TYPE } from './toc-rows.ts';
import {
  DIGEST_BYTES,
  NUMBERS,
  type NumberName,
  type StoredHead,
  type TextName,
  type TocColumns,
  type TocHead,
} from './toc-table.ts';

/**
 * The columns of a table, each there in full, and with nothing that a table may not say. What is in the head is not known
 * to be of its type.
 * @throws RangeError, TypeError for anything else
 */
export function checkedColumns(stored: StoredHead, sections: Buffer): [TocHead, TocColumns] {
  const { diffId, size, count, isPlain } = stored;
  // Every row has a name, so that no small file claims many rows.
  if (!isDigest(diffId) || !isNatural(size) || !isNatural(count) || count > sections.length) throw wrong('head');
  const numbers = Object.fromEntries(
    NUMBERS.map((name) => [name, new Numbers(stored.numbers[name], sections, count)]),
  ) as Record<NumberName, Numbers>;
  checkNumbers(numbers);
  const textsOf = (name: TextName, texts: number): Texts => new Texts(stored.texts[name], sections, texts);
  const texts = {
    name: textsOf('name', count),
    link: textsOf('link', countOf(numbers.link, count)),
    xattrs: textsOf('xattrs', countOf(numbers.xattrs, count)),
    data: textsOf('data', countOf(numbers.data, count)),
  };
  const { at, length } = stored.digests;
  const isWhole = length === countOf(numbers.digest, count) * DIGEST_BYTES && isWithin(at, length, sections);
  if (!isWhole) throw wrong('digests');
  const columns = { numbers, texts, digests: sections.subarray(at, at + length) };
  checkParents(numbers, count);
  checkNames(columns, count);
  checkLinks(columns, stored);
  checkXattrs(texts.xattrs);
  return [{ diffId: toDiffId(diffId), size, count, isPlain: isPlain === true }, columns];
}

/** Times alone may lie before 1970. */
function checkNumbers(numbers: Readonly<Record<NumberName, Numbers>>): void {
  for (const name of NUMBERS) if (name !== 'mtime' && !numbers[name].areNatural()) throw wrong(name);
}

/** How many rows have one of a kind, which are numbered from 1 in the order of their rows. */
function countOf(numbers: Numbers, count: number): number {
  let found = 0;
  for (let row = 0; row < count; row++) {
    const number = numbers.at(row);
    if (number !== 0 && number !== ++found) throw wrong('numbering');
  }
  return found;
}

/** Each lies in a directory further up. */
function checkParents({ type, parent }: TocColumns['numbers'], count: number): void {
  for (let row = 0; row < count; row++) {
    const at = parent.at(row);
    if (type.at(row) >= ROW_TYPES.length || at > row) throw wrong('row');
    if (at > 0 && !isDirectory(type.at(at - 1))) throw wrong('parent');
  }
}

function isDirectory(type: number): boolean {
  return type === TYPE.directory || type === TYPE.implied || type === TYPE.passed;
}

const SLASH = 0x2f;

/** A name is one component of a path that leads nowhere else. */
function checkNames({ numbers, texts: { name } }: TocColumns, count: number): void {
  if (name.includes(SLASH)) throw wrong('name');
  for (let row = 0; row < count; row++) {
    const text = name.lengthAt(row) > 2 ? undefined : name.text(row);
    const isOpaque = numbers.type.at(row) === TYPE.opaque;
    if ((text === OPAQUE_NAME) !== isOpaque || text === '' || text === '..') throw wrong('name');
  }
}

/** Symbolic links have a text, hard links the path of a file or the row of an earlier one, and nothing else has either. */
function checkLinks({ numbers, texts }: TocColumns, { count, isPlain }: TocHead): void {
  const { type, link, target } = numbers;
  for (let row = 0; row < count; row++) {
    const code = type.at(row);
    const isLink = code === TYPE.symlink || code === TYPE.hardlink;
    if ((link.at(row) > 0 || target.at(row) > 0) !== isLink) throw wrong('link');
    if (isLink && !isTarget(row)) throw wrong('link');
  }

  function isTarget(row: number): boolean {
    const [text, at] = [link.at(row), target.at(row)];
    if (type.at(row) === TYPE.symlink) return at === 0;
    if (at === 0) return !isPlain && isPath(texts.link.text(text - 1));
    return text === 0 && at <= row && type.at(at - 1) >= TYPE.hardlink;
  }
}

function isPath(text: string): boolean {
  return text.split('/').every((name) => name !== '' && name !== '.' && name !== '..');
}

function checkXattrs(xattrs: Texts): void {
  for (let number = 0; number < xattrs.count; number++) {
    const value: unknown = JSON.parse(xattrs.text(number));
    const isObject = typeof value === 'object' && value !== null;
    if (!isObject || Object.values(value).some((text) => typeof text !== 'string')) throw wrong('attributes');
  }
}

function isNatural(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function wrong(what: string): RangeError {
  return new RangeError(`a wrong ${what}`);
}
