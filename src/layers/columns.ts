/** Values of one property by row, in whichever form is shortest. Texts of a column stand in one, a line each. */
export type Column =
  | { readonly same: string | number }
  | { readonly lines: string }
  | { readonly all: readonly unknown[] }
  | { readonly some: readonly (readonly [row: number, value: unknown])[] };

/** `undefined` when there is no value in any row. */
export function toColumn(values: readonly unknown[]): Column | undefined {
  const [first] = values;
  const filled = values.reduce<number>((count, value) => (value === undefined ? count : count + 1), 0);
  if (filled === 0) return undefined;
  if (isPlain(first) && values.every((value) => value === first)) return { same: first };
  if (values.every(isLine)) return { lines: values.join('\n') };
  if (filled * 2 >= values.length) return { all: values.map((value) => value ?? null) };
  return { some: values.flatMap((value, row) => (value === undefined ? [] : [[row, value] as const])) };
}

function isPlain(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}

function isLine(value: unknown): value is string {
  return typeof value === 'string' && !value.includes('\n');
}

/** The opposite of {@link toColumn}; `undefined` for what does not have `count` rows. */
export function valuesOf(column: Column | undefined, count: number): readonly unknown[] | undefined {
  if (column === undefined) return new Array<unknown>(count).fill(undefined);
  if ('same' in column) return new Array<unknown>(count).fill(column.same);
  if ('some' in column) return sparse(column.some, count);
  const values = 'lines' in column ? String(column.lines).split('\n') : column.all;
  return Array.isArray(values) && values.length === count ? values.map((value) => value ?? undefined) : undefined;
}

function sparse(some: readonly (readonly [row: number, value: unknown])[], count: number): readonly unknown[] {
  const values = new Array<unknown>(count).fill(undefined);
  for (const [row, value] of some) if (row in values) values[row] = value;
  return values;
}
