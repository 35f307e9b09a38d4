import { stripVTControlCharacters } from 'node:util';

export function formatDuration(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)}s`;
  return `${Math.floor(seconds / 60)}m${String(Math.floor(seconds % 60)).padStart(2, '0')}s`;
}

/** Decimal units, as registries and disks count. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  for (const unit of ['B', 'kB', 'MB', 'GB']) {
    if (value < 999.95) return unit === 'B' ? `${value} B` : `${value.toFixed(1)} ${unit}`;
    value /= 1000;
  }
  return `${value.toFixed(1)} TB`;
}

/** Text from elsewhere without anything that moves a cursor or changes colours. */
export function printable(text: string): string {
  return stripVTControlCharacters(text)
    .replaceAll('\t', '    ')
    .replace(/[\u0000-\u001f\u007f-\u009f]/g, '');
}

/** The same of several lines. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

/** Columns that a character takes: two from U+1100 on, except symbols and variation selectors; never too few. */
function columnsOf(character: string): number {
  const point = character.codePointAt(0) ?? 0;
  const narrow = point < 0x1100 || (point >= 0x2000 && point < 0x2c00) || (point >= 0xfe00 && point < 0xfe10);
  return narrow ? 1 : 2;
}

/** Cuts plain text (no escape sequences) to a number of columns. */
export function fitColumns(text: string, columns: number): string {
  let used = 0;
  let end = 0;
  for (const character of text) {
    used += columnsOf(character);
    if (used > columns) return `${trimLast(text.slice(0, end))}…`;
    end += character.length;
  }
  return text;
}

function trimLast(text: string): string {
  return [...text].slice(0, -1).join('');
}

/** A word as a POSIX shell reads it back. */
export function quoteForShell(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
