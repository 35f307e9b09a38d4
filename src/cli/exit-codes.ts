import type { ErrorFamily } from './library.ts';

export interface ExitCodeRow {
  readonly code: number;
  readonly family?: ErrorFamily;
  readonly meaning: string;
}

/** Every exit code of every command; help and docs are made from it. */
export const EXIT_CODES: readonly ExitCodeRow[] = [
  { code: 0, meaning: 'done' },
  { code: 1, family: 'step', meaning: 'a step of the Dockerfile failed, or something went wrong that nobody expected' },
  { code: 2, family: 'option', meaning: 'a wrong command, option or value; a Node that is too old' },
  { code: 3, family: 'parse', meaning: 'the Dockerfile has mistakes' },
  { code: 4, family: 'plan', meaning: 'its stages, arguments or values do not fit together' },
  { code: 5, family: 'context', meaning: 'the build context, its Dockerfile or ignore file is missing or unreadable' },
  { code: 6, family: 'registry', meaning: 'a registry cannot be reached, refuses or answers wrongly' },
  { code: 7, family: 'content', meaning: 'content is missing or is not what its digest promises' },
  { code: 8, family: 'layer', meaning: 'a layer or archive is damaged or cannot be represented' },
  { code: 9, family: 'host', meaning: 'the machine: disk full, no rights, a program missing' },
  { code: 130, meaning: 'interrupted (SIGINT, Ctrl-C)' },
  { code: 143, meaning: 'terminated (SIGTERM)' },
];

export function exitCodeOf(family: ErrorFamily): number {
  return EXIT_CODES.find((row) => row.family === family)?.code ?? 1;
}

export type InterruptSignal = 'SIGINT' | 'SIGTERM';

export function exitCodeOfSignal(signal: InterruptSignal): number {
  return signal === 'SIGINT' ? 130 : 143;
}
