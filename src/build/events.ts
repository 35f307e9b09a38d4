import type { CacheKey } from '../cache/cache-key.ts';
import type { DiffId, Digest } from '../core/digest.ts';
import type { Diagnostic } from '../core/errors.ts';
import type { Descriptor } from '../core/image.ts';
import type { SnapshotterName } from '../core/sandbox.ts';
import type { MissReason } from './explain/miss-reason.ts';

/** A step of the build as people see it. */
export interface StepInfo {
  /** Unique in the build. */
  readonly id: number;
  /** Stage name, or `stage-N`. */
  readonly stage: string;
  /** Position among the stage's steps from 1, and their number. */
  readonly index: number;
  readonly total: number;
  /** The instruction as written, on one line. */
  readonly text: string;
  /** Line of the Dockerfile; 0 for a trigger of a base image. */
  readonly line: number;
}

/** How far the transfers of one image are together; what was there already is left out. */
export interface TransferSum {
  readonly id: string;
  /** For people, as `pull node:24`. */
  readonly label: string;
  /** Blobs that have come, and all that are known to move. */
  readonly done: number;
  readonly count: number;
  /** Bytes. */
  readonly current: number;
  readonly total: number;
}

/** Everything a build tells while it runs. Times are milliseconds, sizes bytes. */
export type BuildEvent =
  | { readonly type: 'step-started'; readonly step: StepInfo }
  | { readonly type: 'step-cached'; readonly step: StepInfo; readonly key: CacheKey }
  /**
   * A step, or a part of one that makes several layers, is not taken from the cache: why, compared with the nearest
   * earlier build, and the same as one line for people. Where making it tells what it depends on, this comes after.
   */
  | {
      readonly type: 'cache-miss';
      readonly step: StepInfo;
      readonly reasons: readonly MissReason[];
      readonly text: string;
    }
  | { readonly type: 'step-finished'; readonly step: StepInfo; readonly durationMs: number; readonly key?: CacheKey }
  | { readonly type: 'step-failed'; readonly step: StepInfo; readonly durationMs: number }
  | { readonly type: 'log'; readonly step: StepInfo; readonly stream: 'stdout' | 'stderr'; readonly bytes: Uint8Array }
  | {
      readonly type: 'layer-written';
      readonly step: StepInfo;
      readonly layer: Descriptor;
      readonly diffId: DiffId;
      readonly uncompressedSize: number;
    }
  /** `id` names the transfer; `total` is absent while it is not known; `current === total` ends it. */
  | {
      readonly type: 'progress';
      readonly id: string;
      readonly label: string;
      readonly current: number;
      readonly total?: number;
      readonly unit: 'bytes' | 'items';
      /** Of one of several transfers that belong together: all of them. */
      readonly sum?: TransferSum;
    }
  | { readonly type: 'image-resolved'; readonly reference: string; readonly digest: Digest }
  /** How long a registry took to tell what a tag names now, which goes on beside other work. */
  | { readonly type: 'tag-asked'; readonly reference: string; readonly durationMs: number }
  /** The base of a project without a Dockerfile is pinned in a file that belongs to its sources. */
  | { readonly type: 'base-pinned'; readonly reference: string; readonly digest: Digest; readonly file: string }
  | { readonly type: 'warning'; readonly diagnostic: Omit<Diagnostic, 'span'> & Partial<Pick<Diagnostic, 'span'>> }
  | { readonly type: 'isolation'; readonly method: string }
  /** Before the first command runs; `passedOver` has better snapshotters that do not work here, with the reason. */
  | { readonly type: 'snapshotter'; readonly name: SnapshotterName; readonly passedOver: readonly string[] }
  | {
      readonly type: 'output-written';
      readonly output: string;
      readonly destination: string;
      readonly names: readonly string[];
    }
  | { readonly type: 'done'; readonly image: Descriptor; readonly durationMs: number };
