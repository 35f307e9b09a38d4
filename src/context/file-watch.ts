import { lstatSync, type Stats, statSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { isAbsent, OF_PLACE, unreadable } from './context-error.ts';
import { type FileIdentity, milliseconds } from './file-identity.ts';
import { isRacy } from './raciness.ts';

/** Paths as they were found, absent ones too: what must be as it was for the same walk to find the same. */
export interface WatchedPaths {
  /** With a trailing slash, before each path; empty for absolute paths. */
  readonly root: string;
  readonly paths: readonly string[];
  /** {@link COLUMNS} numbers for each path, one column after the other. */
  readonly columns: Float64Array;
}

export const COLUMNS = 6;

/** A path that is not there. */
const ABSENT_VALUE = -1;
const ABSENT: readonly number[] = Array.from({ length: COLUMNS }, () => ABSENT_VALUE);

/** What was found at a path. */
interface FoundPath {
  readonly identity: FileIdentity;
  /** A directory into which nobody has looked: its size and times, which go with its names, do not count. */
  readonly isPassedThrough: boolean;
}

/** Stands for any value. */
const ANY = -2;

/** @param find what was found at each of the paths below `root`; `undefined` for what is absent */
export function watchPaths(
  root: string,
  paths: readonly string[],
  find: (path: string) => FoundPath | undefined,
): WatchedPaths {
  const columns = new Float64Array(paths.length * COLUMNS).fill(ABSENT_VALUE);
  paths.forEach((path, row) => {
    const found = find(path);
    if (found !== undefined) putValues(columns, paths.length, { row, ...found });
  });
  return { root, paths, columns };
}

/**
 * Whether every path is as it was; those that changed last are looked at first, since they change again. Other work, such as
 * an answer of a registry, gets its turn meanwhile.
 */
export async function areUnchanged({ root, paths, columns }: WatchedPaths): Promise<boolean> {
  const isSame = (row: number): boolean => {
    const stats = lstatSync(`${root}${paths[row] ?? ''}`, { throwIfNoEntry: false });
    return isSameRow(columns, paths.length, row, stats);
  };
  if (!lastChanged(columns, paths.length).every(isSame)) return false;
  for (let row = 0; row < paths.length; row++) {
    if (!isSame(row)) return false;
    if (row % ROWS_AT_A_TIME === 0) await setImmediate();
  }
  return true;
}

/** {@link areUnchanged} for one file, of which links are followed. */
export function isUnchangedFile(path: string, identity: readonly number[]): boolean {
  return isSameRow(Float64Array.from(identity), 1, 0, lookAt(path));
}

/**
 * The identity that {@link isUnchangedFile} compares.
 * @throws ContextError `CONTEXT_UNREADABLE` where it cannot be told whether there is a file
 */
export function fileIdentity(path: string): readonly number[] {
  const stats = lookAt(path);
  return stats === undefined ? ABSENT : [stats.size, stats.mtimeMs, stats.ctimeMs, stats.ino, stats.mode, stats.dev];
}

function lookAt(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw unreadable(path, error, OF_PLACE);
  }
}

/** Whether any path might change without a trace after `lookedAtMs`, before which nobody looked at any. */
export function isAnyRacy({ paths, columns }: WatchedPaths, lookedAtMs: number): boolean {
  return columns.subarray(paths.length, paths.length * 3).some((time) => isRacy(time, lookedAtMs));
}

/** {@link isAnyRacy} for one file. */
export function isRacyFile([, mtimeMs = 0, ctimeMs = 0]: readonly number[], lookedAtMs: number): boolean {
  return isRacy(mtimeMs, lookedAtMs) || isRacy(ctimeMs, lookedAtMs);
}

const FIRST_LOOKS = 16;
/** Some milliseconds' worth. */
const ROWS_AT_A_TIME = 1024;

function lastChanged(columns: Float64Array, count: number): number[] {
  const changed = columns.subarray(2 * count, 3 * count);
  const latest = changed.toSorted().at(-FIRST_LOOKS) ?? 0;
  const rows: number[] = [];
  for (let row = 0; row < count && rows.length < FIRST_LOOKS; row++) if ((changed[row] ?? 0) >= latest) rows.push(row);
  return rows;
}

function isSameRow(columns: Float64Array, count: number, row: number, stats: Stats | undefined): boolean {
  if (stats === undefined) return columns[row] === ABSENT_VALUE;
  const isContentSame =
    columns[row] === stats.size && columns[count + row] === stats.mtimeMs && columns[2 * count + row] === stats.ctimeMs;
  return (
    (isContentSame || columns[row] === ANY) &&
    columns[3 * count + row] === stats.ino &&
    columns[4 * count + row] === stats.mode &&
    columns[5 * count + row] === stats.dev
  );
}

/**
 * Times as Node rounds them when they are not asked for as bigint. What is lost is less than a microsecond, and a file
 * counts only when its last change was well before it was looked at (`isRacy`).
 */
function putValues(
  columns: Float64Array,
  count: number,
  { row, identity, isPassedThrough }: FoundPath & { readonly row: number },
): void {
  const { size, mtime, mtimeNanoseconds, ctime, ctimeNanoseconds, ino, mode, dev } = identity;
  columns[row] = isPassedThrough ? ANY : size;
  columns[count + row] = isPassedThrough ? ANY : milliseconds(mtime, mtimeNanoseconds);
  columns[2 * count + row] = isPassedThrough ? ANY : milliseconds(ctime, ctimeNanoseconds);
  columns[3 * count + row] = Number(ino);
  columns[4 * count + row] = mode;
  columns[5 * count + row] = dev;
}
