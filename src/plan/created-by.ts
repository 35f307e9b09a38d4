import type { HealthcheckConfig } from '../core/image.ts';

/** Texts of the history's `created_by` (reference, section 14), which are Go's `%v`, `%q` and `%+v`. */

/** `[a b]` */
export function formatList(items: readonly string[]): string {
  return `[${items.join(' ')}]`;
}

/** `["a" "b"]` */
export function formatQuotedList(items: readonly string[]): string {
  return formatList(items.map(quote));
}

/** `{Test:[CMD-SHELL x] Interval:5s Timeout:0s StartPeriod:0s StartInterval:0s Retries:0}` */
export function formatHealthcheck(check: HealthcheckConfig): string {
  const fields = [
    `Test:${formatList(check.Test ?? [])}`,
    `Interval:${formatDuration(check.Interval ?? 0)}`,
    `Timeout:${formatDuration(check.Timeout ?? 0)}`,
    `StartPeriod:${formatDuration(check.StartPeriod ?? 0)}`,
    `StartInterval:${formatDuration(check.StartInterval ?? 0)}`,
    `Retries:${check.Retries ?? 0}`,
  ];
  return `{${fields.join(' ')}}`;
}

/** A duration as Go prints it: `1h0m5.5s`, `1.5ms`, `0s`. */
export function formatDuration(nanoseconds: number): string {
  if (nanoseconds === 0) return '0s';
  if (nanoseconds < 1e3) return `${nanoseconds}ns`;
  if (nanoseconds < 1e6) return `${formatDecimal(nanoseconds, 3)}µs`;
  if (nanoseconds < 1e9) return `${formatDecimal(nanoseconds, 6)}ms`;
  const minutes = Math.floor(nanoseconds / 60e9);
  const seconds = `${formatDecimal(nanoseconds % 60e9, 9)}s`;
  if (minutes === 0) return seconds;
  return minutes < 60 ? `${minutes}m${seconds}` : `${Math.floor(minutes / 60)}h${minutes % 60}m${seconds}`;
}

/** `value` divided by ten to the `digits`, exactly and without trailing zeros. */
function formatDecimal(value: number, digits: number): string {
  const unit = 10 ** digits;
  const fraction = String(value % unit)
    .padStart(digits, '0')
    .replace(/0+$/, '');
  return `${Math.floor(value / unit)}${fraction === '' ? '' : `.${fraction}`}`;
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '\\"'],
  ['\\', '\\\\'],
  ['\u0007', '\\a'],
  ['\b', '\\b'],
  ['\f', '\\f'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\v', '\\v'],
]);

function quote(text: string): string {
  return `"${[...text].map(quoteChar).join('')}"`;
}

function quoteChar(char: string): string {
  const escaped = ESCAPES.get(char);
  if (escaped !== undefined) return escaped;
  if (/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(char)) return char;
  const code = char.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  if (code < 0x20 || code === 0x7f) return `\\x${hex.padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}
