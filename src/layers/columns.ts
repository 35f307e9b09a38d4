/** Values of one property by row, in whichever form is shortest: the same in each row, all of them, or few of them. */
export type Column =
  | { readonly same: unknown }
  | { readonly all: readonly unknown[] }
  | { readonly some: readonly (readonly [row: number, value: unknown])[] };

export type Row = Readonly<Record<string, unknown>>;

/** Turns rows into columns; a property that no row has makes no column. */
export function toColumns(rows: readonly Row[], properties: readonly string[]): Record<string, Column> {
  const columns: Record<string, Column> = {};
  for (const property of properties) {
    const column = toColumn(rows.map((row) => row[property]));
    if (column !== undefined) columns[property] = column;
  }
  return columns;
}

function toColumn(values: readonly unknown[]): Column | undefined {
  const some = values.flatMap((value, row) => (value === undefined ? [] : [[row, value] as const]));
  if (some.length === 0) return undefined;
  const [first] = values;
  if (typeof first !== 'object' && values.every((value) => value === first)) return { same: first };
  return some.length * 2 < values.length ? { some } : { all: values.map((value) => value ?? null) };
}

/** The opposite of {@link toColumns}. Rows of columns that are too short lack those properties. */
export function fromColumns(
  columns: Readonly<Record<string, Column>>,
  properties: readonly string[],
  count: number,
): Row[] {
  const rows: Record<string, unknown>[] = Array.from({ length: count }, () => ({}));
  for (const property of properties) {
    const column = columns[property];
    if (column !== undefined) fill(rows, property, column);
  }
  return rows;
}

function fill(rows: Record<string, unknown>[], property: string, column: Column): void {
  if ('same' in column) {
    for (const row of rows) row[property] = column.same;
    return;
  }
  const values = 'all' in column ? column.all.entries() : column.some;
  for (const [index, value] of values) {
    const row = rows[index];
    if (row !== undefined && value !== null) row[property] = value;
  }
}
