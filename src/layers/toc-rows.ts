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
