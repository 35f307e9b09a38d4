import { isIP } from 'node:net';
import { type CliError, usageError } from './cli-error.ts';

/** Fields of one line of CSV (RFC 4180), which is how docker writes `type=oci,"dest=a,b"`. */
function parseCsv(option: string, text: string): string[] {
  const fields: string[] = [];
  let rest = text;
  do {
    const match = /^(?:"((?:[^"]|"")*)"|([^",]*))(?:,|$)/.exec(rest);
    if (match === null || text === '') throw badValue(option, text, 'its quotes or commas do not match', 'key=value,…');
    fields.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    rest = rest.slice(match[0].length);
    if (rest === '' && match[0].endsWith(',')) fields.push('');
  } while (rest !== '');
  return fields;
}

/** `key=value` fields; keys in lower case, values as written. */
export function parseFields(option: string, text: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const field of parseCsv(option, text)) {
    const [key, value] = cut(field, '=');
    if (value === undefined) throw badValue(option, text, `${JSON.stringify(field)} is no key=value`, 'key=value,…');
    fields.set(key.toLowerCase(), value);
  }
  return fields;
}

/** `NAME=value`, or `NAME` alone, which gives `undefined`. */
export function parseKeyValue(option: string, text: string): [string, string | undefined] {
  const [key, value] = cut(text, '=');
  if (key === '') throw badValue(option, text, 'the name is empty', 'NAME=value');
  return [key, value];
}

/** `name:address`, `name=address`; IPv6 may stand in brackets. */
export function parseHost(text: string): { name: string; address: string } {
  const match = /^([^:=]+)[:=]\[?([^\]]+)\]?$/.exec(text);
  const [, name = '', address = ''] = match ?? [];
  if (address === 'host-gateway') {
    throw usageError(
      'OPTION_BAD_VALUE',
      `--add-host ${text}: there is no gateway to the host`,
      'give the address itself',
    );
  }
  if (isIP(address) === 0) throw badValue('add-host', text, `${JSON.stringify(address)} is no IP address`, 'NAME:IP');
  return { name, address };
}

const RESOURCES = new Set(
  'as core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack'.split(' '),
);

/** `NAME=SOFT[:HARD]` as docker has it; one number is both, and -1 no limit. */
export function parseLimit(text: string): { name: string; soft: number; hard: number } {
  const [, name = '', soft = '', hard = soft] = /^(\w+)=(-1|\d+)(?::(-1|\d+))?$/.exec(text) ?? [];
  const limit = { name, soft: Number(soft), hard: Number(hard) };
  const form = 'NAME=SOFT[:HARD]';
  if (name === '') throw badValue('ulimit', text, 'that is no limit', form);
  if (!RESOURCES.has(name)) throw badValue('ulimit', text, `names are ${[...RESOURCES].join(', ')}`, form);
  if (!Number.isSafeInteger(limit.soft) || !Number.isSafeInteger(limit.hard)) {
    throw badValue('ulimit', text, 'it is too large: -1 is no limit', form);
  }
  if (limit.hard !== -1 && (limit.soft === -1 || limit.soft > limit.hard)) {
    throw badValue('ulimit', text, 'the soft limit is above the hard one', form);
  }
  return limit;
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds of a duration as Go writes it (`1h30m`, `90s`, `1.5m`); a number alone means seconds. */
export function parseDuration(option: string, text: string): number {
  const whole = /^\d+(?:\.\d+)?$/.test(text) ? `${text}s` : text;
  const parts = [...whole.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  const ms = parts.reduce((sum, [, count, unit = '']) => sum + Number(count) * (UNIT_MS[unit] ?? 0), 0);
  if (parts.map(([part]) => part).join('') !== whole || ms <= 0) {
    throw badValue(option, text, 'it is no duration', 'DURATION, such as 90s, 10m or 1h30m');
  }
  return ms;
}

const UNITS = new Map([
  ['', 1],
  ['k', 1e3],
  ['m', 1e6],
  ['g', 1e9],
  ['t', 1e12],
]);

/** Bytes: `500MB`, `20g`, `1.5GiB`, or a plain number. */
export function parseSize(option: string, text: string): number {
  const [, number = '', unit = '', binary] = /^(\d+(?:\.\d+)?) ?([kmgt]?)(i?)b?$/i.exec(text) ?? [];
  const factor = UNITS.get(unit.toLowerCase());
  if (number === '' || factor === undefined) throw badValue(option, text, 'it is no size', '20GB');
  return Math.round(Number(number) * (binary === '' ? factor : 1024 ** Math.round(Math.log10(factor) / 3)));
}

const SPANS = new Map([
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
  ['w', 604_800_000],
]);

/** Milliseconds: `90m`, `36h`, `7d`, `2w`. */
export function parseAge(option: string, text: string): number {
  const [, number = '', unit = ''] = /^(\d+)([smhdw])$/.exec(text) ?? [];
  const factor = SPANS.get(unit);
  if (factor === undefined) throw badValue(option, text, 'it is no time', '7d, or 36h');
  return Number(number) * factor;
}

export function badValue(option: string, text: string, why: string, form: string): CliError {
  return usageError(
    'OPTION_BAD_VALUE',
    `--${option} cannot be ${JSON.stringify(text)}: ${why}`,
    `write it as --${option} ${form}`,
  );
}

function cut(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
}
