import { type Context, keywordSpan, report } from '../context.ts';
import { parseDuration } from '../duration.ts';
import { flagText, type ReadFlag } from '../flags.ts';
import type { HealthcheckInstruction, Word } from '../instruction.ts';
import { readCommand } from './commands.ts';
import type { Draft } from './draft.ts';

const SHORTEST_NANOSECONDS = 1e6;

export function readHealthcheckNone(
  { context, base }: Draft,
  rest: readonly Word[],
): HealthcheckInstruction | undefined {
  if (rest.length === 0) return { kind: 'HEALTHCHECK', ...base, test: { kind: 'none' } };
  return report(context, keywordSpan(context), {
    code: 'PARSE_BAD_HEALTHCHECK',
    message: 'HEALTHCHECK NONE takes no arguments',
    hint: `remove ${JSON.stringify(rest.map(({ text }) => text).join(' '))}`,
  });
}

export function readHealthcheckCmd(draft: Draft, json: boolean): HealthcheckInstruction | undefined {
  const { context, base, flags } = draft;
  const command = readCommand(context, json);
  if (command === undefined) return undefined;
  if (command.form === 'exec' && command.argv.length === 0) return reportMissingCommand(context);
  return { kind: 'HEALTHCHECK', ...base, test: { kind: 'command', command }, ...readTimes(context, flags) };
}

export function reportMissingCommand(context: Context): undefined {
  return report(context, keywordSpan(context), {
    code: 'PARSE_MISSING_ARGUMENT',
    message: 'HEALTHCHECK CMD has no command',
    hint: 'write HEALTHCHECK CMD COMMAND',
  });
}

type Times = Pick<HealthcheckInstruction, 'interval' | 'timeout' | 'startPeriod' | 'startInterval' | 'retries'>;

function readTimes(context: Context, flags: readonly ReadFlag[]): Times {
  const interval = readDuration(context, flagText(flags, 'interval'));
  const timeout = readDuration(context, flagText(flags, 'timeout'));
  const startPeriod = readDuration(context, flagText(flags, 'start-period'));
  const startInterval = readDuration(context, flagText(flags, 'start-interval'));
  const retries = readRetries(context, flagText(flags, 'retries'));
  return {
    ...(interval !== undefined && { interval }),
    ...(timeout !== undefined && { timeout }),
    ...(startPeriod !== undefined && { startPeriod }),
    ...(startInterval !== undefined && { startInterval }),
    ...(retries !== undefined && { retries }),
  };
}

function readDuration(context: Context, value: Word | undefined): number | undefined {
  if (value === undefined || value.text === '') return undefined;
  const nanoseconds = parseDuration(value.text);
  if (nanoseconds === 0 || (nanoseconds !== undefined && nanoseconds >= SHORTEST_NANOSECONDS)) return nanoseconds;
  return report(context, value.span, {
    code: 'PARSE_BAD_DURATION',
    message: `invalid duration ${JSON.stringify(value.text)}`,
    hint: 'write a number with a unit, 1ms at least, as in 1m30s',
  });
}

function readRetries(context: Context, value: Word | undefined): number | undefined {
  if (value === undefined || value.text === '') return undefined;
  if (/^\+?\d{1,9}$/.test(value.text)) return Number(value.text);
  return report(context, value.span, {
    code: 'PARSE_BAD_RETRIES',
    message: `invalid number of retries ${JSON.stringify(value.text)}`,
    hint: 'write a whole number, 0 for the default',
  });
}
