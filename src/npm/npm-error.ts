import { StepError } from '../core/errors.ts';

/** A project that cannot be installed as it is; codes begin with `STEP_NPM_`. */
export function npmError(code: string, message: string, hint: string, cause?: unknown): StepError {
  return new StepError(code, message, { hint, cause });
}
