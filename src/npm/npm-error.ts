import { StepError } from '../core/errors.ts';

/** A project that cannot be installed as it is; `code` is prefixed with `STEP_NPM_`. */
export function npmError(code: string, message: string, hint: string, cause?: unknown): StepError {
  return new StepError(`STEP_NPM_${code}`, message, { hint, cause });
}
