import { isBuilderError } from '../core/errors.ts';
import type { SourceSpan, SourceText } from '../core/span.ts';

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
    throw locateError(error, place);
  }
}
