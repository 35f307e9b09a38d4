/** Values of one property by row, in whichever form is shortest. Texts of a column stand in one, a line each. */
export type Column =
  | { readonly same: string | number }
  | { readonly lines: string }
  | { readonly all: readonly unknown[] }
  | { readonly some: readonly (readonly [row: number, value: unknown])[] };

/** `undefined` when there is no value in any row. */
export function toColumn(values: readonly unknown[]): Column | undefined {
  const [first] = values;
  if (areAll(values, first))
    return isPlain(first) ? { same: first } : first === undefined ? undefined : { all: values };
  const lines = typeof first === 'string' ? toLines(values) : undefined;
  if (lines !== undefined) return { lines };
  let filled = 0;
  for (const value of values) if (value !== undefined) filled++;
  if (filled * 2 >= values.length) return { all: values.map((value) => value ?? null) };
  return { some: values.flatMap((value, row) => (value === undefined ? [] : [[row, value] as const])) };
}

function areAll(values: readonly unknown[], first: unknown): boolean {
  for (const value of values) if (value !== first) return false;
  return true;
}

/** `undefined` when a value is no text, or one of several lines. */
function toLines(values: readonly unknown[]): string | undefined {
  for (const value of values) if (typeof value !== 'string' || value.includes('\n')) return undefined;
  return values.join('\n');
}

function isPlain(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
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
