import { baseName, joinPath } from '../core/paths.ts';
import type { TocColumnsWriter } from './toc-columns.ts';
import { TYPE } from './toc-rows.ts';

/** By row of a hard link: the last file before it that has the path which it names, plus one. */
export function linkTargets(columns: TocColumnsWriter): Map<number, number> {
  const { type } = columns.numbers;
  const targets = new Map<number, number>();
  const wanted = wantedPaths(columns);
  const files = new Map<string, number>();
  for (const { row, path } of rowsWithPaths(columns, new Set([...wanted].map(baseName)))) {
    const code = type.at(row);
    const target = code === TYPE.hardlink ? files.get(columns.link(row) ?? '') : undefined;
    if (target !== undefined) targets.set(row, target);
    if (path === undefined || !wanted.has(path)) continue;
    if (code === TYPE.directory || code === TYPE.whiteout) files.delete(path);
    else files.set(path, row + 1);
  }
  return targets;
}

function wantedPaths(columns: TocColumnsWriter): Set<string> {
  const wanted = new Set<string>();
  for (let row = 0; row < columns.count; row++) {
    if (columns.numbers.type.at(row) === TYPE.hardlink) wanted.add(columns.link(row) ?? '');
  }
  return wanted;
}

/** Rows of entries in their order; only those of such names have a path. */
function* rowsWithPaths(
  columns: TocColumnsWriter,
  names: ReadonlySet<string>,
): Generator<{ readonly row: number; readonly path: string | undefined }, void> {
  const { type, parent } = columns.numbers;
  const pathOf = (row: number): string => (row < 0 ? '' : joinPath(pathOf(parent.at(row) - 1), columns.name(row)));
  for (let row = 0; row < columns.count; row++) {
    if (type.at(row) < TYPE.whiteout || type.at(row) === TYPE.opaque) continue;
    yield { row, path: names.has(columns.name(row)) ? pathOf(row) : undefined };
  }
}
