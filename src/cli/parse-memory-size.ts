import { badValue } from './values.ts';

const UNITS = ['', 'k', 'm', 'g', 't'];

/** `64m`, `1g`, `512` as docker reads them: powers of 1024, a b or ib behind the unit changes nothing. */
export function parseMemorySize(option: string, text: string): number {
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?) ?([kmgt]?)(?:i?b)?$/i.exec(text) ?? [];
  const bytes = Math.floor(Number(number) * 1024 ** UNITS.indexOf(unit.toLowerCase()));
  if (number !== '' && bytes > 0 && Number.isSafeInteger(bytes)) return bytes;
  throw badValue(option, text, 'it is no size', 'SIZE, such as 64m');
}
