import type { Diagnostic } from '../../core/errors.ts';

/** Warnings of time and space that this build has cost and the next need not: measured, never guessed. */
const CODES = ['CostlyVariable', 'LayerStoredAgain', 'ContextNotIgnored', 'VolatileFiles'] as const;

/** What is to be said of a step, without its place. */
export interface Advice extends Pick<Diagnostic, 'message' | 'hint'> {
  readonly code: (typeof CODES)[number];
}

/** Whether a warning is about what one build has cost, and not about the Dockerfile: it is not told again. */
export function isAdvice(code: string): boolean {
  return CODES.some((known) => known === code);
}
