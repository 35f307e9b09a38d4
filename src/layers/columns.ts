/** Values of one property by row, in whichever form is shortest. Texts of a column stand in one, a line each. */
export type Column =
  | { readonly same: string | number }
  | { readonly lines: string }
  | { readonly all: readonly unknown[] }
  | { readonly some: readonly (readonly [row: number, value: unknown])[] };

/**
 * What `read` gives of each row; `undefined` when there is no value in any. Rows are read again and again, as that costs less
 * than a list of hundreds of thousands of values.
 */
export function toColumn<T>(rows: readonly T[], read: (row: T) => unknown): Column | undefined {
  const [head] = rows;
  const first = head === undefined ? undefined : read(head);
  let filled = 0;
  let [areSame, areLines] = [isPlain(first), true];
  for (const row of rows) {
    const value = read(row);
    if (value !== undefined) filled++;
    areSame &&= value === first;
    areLines &&= isLine(value);
  }
  if (filled === 0) return undefined;
  if (areSame && isPlain(first)) return { same: first };
  if (areLines) return { lines: rows.map(read).join('\n') };
  if (filled * 2 >= rows.length) return { all: rows.map((row) => read(row) ?? null) };
  return { some: [...filledRows(rows, read)] };
}

function* filledRows<T>(rows: readonly T[], read: (row: T) => unknown): Generator<readonly [number, unknown], void> {
  for (const [at, row] of rows.entries()) {
    const value = read(row);
    if (value !== undefined) yield [at, value];
  }
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
