import { StepError } from '../../core/errors.ts';
import type { Session } from '../session.ts';

/**
 * Runs a command under a signal that ends it with the build, or when it takes longer than `stepTimeoutMs` of the options.
 * @throws StepError `STEP_TIMEOUT` with what the command wrote last
 */
export async function withinTimeLimit<T>(
  { options, signal }: Pick<Session, 'options' | 'signal'>,
  run: (signal: AbortSignal) => Promise<T>,
  lastOutput: () => readonly string[],
): Promise<T> {
  const { stepTimeoutMs } = options;
  if (stepTimeoutMs === undefined) return await run(signal);
  const limit = AbortSignal.timeout(stepTimeoutMs);
  try {
    return await run(AbortSignal.any([signal, limit]));
  } catch (error) {
    if (!limit.aborted || signal.aborted) throw error;
    throw timedOut(stepTimeoutMs, lastOutput());
  }
}

function timedOut(limitMs: number, output: readonly string[]): StepError {
  return new StepError('STEP_TIMEOUT', `the command did not end within ${limitMs / 1000} s and was killed`, {
    hint: 'allow more with --step-timeout, or find what it waits for: the last lines of its output are above',
    output,
  });
}
