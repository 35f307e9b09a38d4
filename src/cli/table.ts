import { printable } from './format.ts';

/** Columns of plain text, each as wide as its widest cell; the first row is the head. Nothing in a cell steers a terminal. */
export function formatTable(table: readonly (readonly string[])[]): string {
  const rows = table.map((cells) => cells.map(printable));
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string => cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('   ');
  return rows.map((cells) => `${line(cells).trimEnd()}\n`).join('');
}
