import { isBuilderError } from '../core/errors.ts';
import type { SourceSpan, SourceText } from '../core/span.ts';

/**
 * What went wrong first, when giving things back went wrong after it (ECMAScript, "SuppressedError"; where the engine has
 * none, an error of the same form stands for it).
 */
export function firstError(error: unknown): unknown {
  return error instanceof Error && 'suppressed' in error ? firstError(error.suppressed) : error;
}

/** Gives an error that knows no place the place of the instruction that it ended; others pass unchanged. */
export function locateError(
  error: unknown,
  place: { readonly span: SourceSpan; readonly source: SourceText },
): unknown {
  if (isBuilderError(error) && error.span === undefined) Object.assign(error, place);
  return error;
}

/** Runs a piece of work whose errors belong to a place of the Dockerfile. */
export async function locating<T>(
  place: { readonly span: SourceSpan; readonly source: SourceText },
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw locateError(firstError(error), place);
  }
}
