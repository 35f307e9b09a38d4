import { type BuilderError, isBuilderError } from '../../core/errors.ts';
import type { BuildControl } from '../control.ts';
import type { BuildEvent } from '../events.ts';

/** Tells of a shared cache that cannot be used; what is no failure of the place passes. */
export function cacheFailed(
  { emit, signal }: Pick<BuildControl, 'signal' | 'emit'>,
  error: unknown,
  consequence: string,
): void {
  signal.throwIfAborted();
  if (!isBuilderError(error)) throw error;
  emit(cacheWarning(error, consequence));
}

export function cacheWarning({ code, message, hint }: BuilderError, consequence: string): BuildEvent {
  const text = `shared cache: ${message}; ${consequence}`;
  return {
    type: 'warning',
    diagnostic: { severity: 'warning', code, message: text, ...(hint && { hint }) },
  };
}
