import { OptionError } from '../core/errors.ts';

/** RFC 3339 has four digits for the year. */
const LAST_EPOCH = Date.UTC(9999, 11, 31, 23, 59, 59) / 1000;

/**
 * SOURCE_DATE_EPOCH in seconds since 1970; `undefined` for a word, which may name something that has a time.
 * @throws OptionError `OPTION_BAD_EPOCH`
 */
export function parseEpoch(text: string): number | undefined {
  if (/^\d+$/.test(text) && Number(text) <= LAST_EPOCH) return Number(text);
  if (/^[a-z]/i.test(text)) return undefined;
  throw badEpoch(text);
}

export function badEpoch(text: string): OptionError {
  return new OptionError('OPTION_BAD_EPOCH', `invalid SOURCE_DATE_EPOCH ${JSON.stringify(text)}`, {
    hint: 'give whole seconds since 1970-01-01, such as the output of: git log -1 --format=%ct; or name a fetched context, or a stage with one remote ADD',
  });
}
