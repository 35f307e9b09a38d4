import { isBuilderError } from '../../core/errors.ts';
import type { BuildControl } from '../control.ts';

/** Tells of a shared cache that cannot be used; what is no failure of the place passes. */
export function cacheFailed(
  { emit, signal }: Pick<BuildControl, 'signal' | 'emit'>,
  error: unknown,
  consequence: string,
): void {
  signal.throwIfAborted();
  if (!isBuilderError(error)) throw error;
  const { code, message, hint } = error;
  emit({
    type: 'warning',
    diagnostic: {
      severity: 'warning',
      code,
      message: `shared cache: ${message}; ${consequence}`,
      ...(hint && { hint }),
    },
  });
}
