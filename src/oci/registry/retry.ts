import { RegistryError } from '../../core/errors.ts';

export interface RetryPolicy {
  /** Attempts in all. */
  readonly attempts: number;
  readonly delay: (ms: number) => Promise<void>;
  /** From 0 to 1: waits vary, so that clients which failed together do not come back together. */
  readonly random: () => number;
}

/** After so much more of a blob, failures count from the beginning: a large one over a bad line is no endless drip. */
export const PROGRESS_BYTES: number = 4 << 20;
const FIRST_WAIT_MS = 500;
/** A registry that asks for more is not waited for: people should know. */
const LONGEST_WAIT_MS = 30_000;

/** Repeats `attempt` while it fails with a retryable {@link RegistryError}, waiting longer each time. */
export async function withRetry<T>(policy: RetryPolicy, attempt: () => Promise<T>): Promise<T> {
  for (let failures = 1; ; failures++) {
    try {
      return await attempt();
    } catch (error) {
      await waitOrThrow(policy, error, failures);
    }
  }
}

/** Waits until it makes sense to try again after the `failures`-th failure; throws `error` when it does not. */
export async function waitOrThrow(policy: RetryPolicy, error: unknown, failures: number): Promise<void> {
  if (!(error instanceof RegistryError) || !error.retryable || failures >= policy.attempts) throw error;
  const wait = error.retryAfterMs ?? (FIRST_WAIT_MS * 2 ** failures * (1 + policy.random())) / 4;
  if (wait > LONGEST_WAIT_MS) throw error;
  await policy.delay(wait);
}

/** Reads a `Retry-After` header: seconds, or a date (RFC 9110, 10.2.3). */
export function parseRetryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d+$/.test(header.trim())) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(date - now, 0);
}
