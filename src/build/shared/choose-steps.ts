import type { CacheKey } from '../../cache/cache-key.ts';
import type { Digest } from '../../core/digest.ts';
import type { Written } from '../../core/ports.ts';

/** Which steps of a shared cache are taken away. Without any limit: those that nobody can use. */
export interface SharedPruneLimits {
  /** Every step. */
  readonly all?: boolean;
  /** Steps that were uploaded that many milliseconds ago, or longer. */
  readonly olderThanMs?: number;
  /** Those uploaded longest ago, until the blobs of the others take no more than so many bytes. */
  readonly maxSize?: number;
  /** Those uploaded longest ago, until no more than so many are left. */
  readonly maxSteps?: number;
}

/** A step as it lies in a shared cache. */
export interface StoredStep {
  readonly key: CacheKey;
  /** The instruction, for people; empty where it cannot be read. */
  readonly step: string;
  /** In milliseconds; 0 where it is not known. */
  readonly uploadedMs: number;
  readonly blobs: readonly Written[];
  /** Whether all of it is there. */
  readonly isUsable: boolean;
}

/** Chooses what goes: what cannot be used, and beyond the limits what was uploaded first. Pure. */
export function chooseSteps(
  steps: readonly StoredStep[],
  limits: SharedPruneLimits,
  nowMs: number,
): readonly StoredStep[] {
  const { all = false, olderThanMs = Number.POSITIVE_INFINITY, maxSteps = Number.POSITIVE_INFINITY } = limits;
  const { maxSize = Number.POSITIVE_INFINITY } = limits;
  const kept = createSum();
  let count = 0;
  let isFull = all;
  return [...steps].sort(byUpload).filter((step) => {
    if (!step.isUsable || nowMs - step.uploadedMs >= olderThanMs) return true;
    // What comes after the first that has no room is older.
    isFull ||= count >= maxSteps || kept.size + kept.missing(step) > maxSize;
    if (isFull) return true;
    count++;
    kept.add(step);
    return false;
  });
}

/** The newest first. */
function byUpload(a: StoredStep, b: StoredStep): number {
  return b.uploadedMs - a.uploadedMs || (a.key < b.key ? -1 : 1);
}

/** Bytes of all blobs of some steps, each counted once. */
export function sizeOf(steps: readonly StoredStep[]): number {
  const sum = createSum();
  for (const step of steps) sum.add(step);
  return sum.size;
}

interface BlobSum {
  readonly size: number;
  /** Bytes by which a step would make it more. */
  missing(step: StoredStep): number;
  add(step: StoredStep): void;
}

function createSum(): BlobSum {
  const counted = new Set<Digest>();
  let sum = 0;
  const missing = ({ blobs }: StoredStep): number =>
    blobs.reduce((bytes, { digest, size }) => bytes + (counted.has(digest) ? 0 : size), 0);
  return {
    get size() {
      return sum;
    },
    missing,
    add(step) {
      sum += missing(step);
      for (const { digest } of step.blobs) counted.add(digest);
    },
  };
}
