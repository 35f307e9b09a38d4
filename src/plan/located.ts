import { OptionError, PlanError } from '../core/errors.ts';
import type { SourceSpan, SourceText } from '../core/span.ts';

/** A place in a text, in the shape that errors carry. */
export interface Place {
  readonly span: SourceSpan;
  readonly source: SourceText;
}

/** Runs `work`; a plan error that does not say where it happened gets `place`. */
export function locateErrors<T>(place: Place, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof PlanError) || error.span !== undefined) throw error;
    throw new PlanError(error.code, error.message, { hint: error.hint, ...place, cause: error.cause });
  }
}

/** Runs `work`; an option error becomes a plan error with `code`, since its value stands in the Dockerfile. */
export function asPlanError<T>(code: string, place: Place, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    throw new PlanError(code, error.message, { hint: error.hint, ...place, cause: error });
  }
}
