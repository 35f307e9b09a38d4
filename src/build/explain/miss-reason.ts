/** What became of one path between two builds. */
export interface PathChange {
  readonly path: string;
  readonly change: 'added' | 'removed' | 'changed' | 'renamed';
  /** The path of a renamed one before. */
  readonly from?: string;
  /** What of a changed one is different, as `content` or `mode 0644→0755`. */
  readonly details: readonly string[];
}

/** A step in the words of a reason. */
export interface NamedStep {
  /** Position among the stage's steps from 1; absent for one that is gone. */
  readonly index?: number;
  readonly total?: number;
  readonly text: string;
}

/** Why a step was carried out, and not taken from the cache. */
export type MissReason =
  /** No earlier build of this project is known, so there is nothing to compare with. */
  | { readonly kind: 'first-build' }
  /** The earlier build had no such step. */
  | { readonly kind: 'new-step' }
  /** The caller wanted no cache: for the build, or for a stage. */
  | { readonly kind: 'no-cache'; readonly stage?: string }
  /** Nothing changed, but what the earlier build made is gone; or nobody can tell what changed, for its record is gone. */
  | { readonly kind: 'evicted'; readonly what: 'record' | 'layer' | 'earlier-record' }
  /** Files, or packages of an installation. `changes` are the first of `total`; none when they were not kept. */
  | {
      readonly kind: 'files';
      readonly unit: 'file' | 'package';
      /** The mount that shows them. */
      readonly mount?: string;
      readonly total: number;
      readonly changes: readonly PathChange[];
    }
  /** A variable in the environment of a command. Values of what looks like a secret are left out. */
  | {
      readonly kind: 'variable';
      readonly instruction: 'ARG' | 'ENV' | undefined;
      readonly name: string;
      readonly from?: string;
      readonly to?: string;
      readonly isSecret?: true;
    }
  | { readonly kind: 'command'; readonly from: string; readonly to: string }
  | { readonly kind: 'platform'; readonly from: string; readonly to: string }
  /** Anything else that the step is made with, in the words of the Dockerfile or the command line. */
  | { readonly kind: 'option'; readonly name: string; readonly from: string; readonly to: string }
  | { readonly kind: 'mount'; readonly mount: string; readonly change: 'added' | 'removed' | 'changed' }
  /** A directory of the layers below that the destination lies in. */
  | { readonly kind: 'directory'; readonly path: string; readonly details: readonly string[] }
  /** The layers below are others, because of this step of the stage. */
  | { readonly kind: 'step-above'; readonly step: NamedStep; readonly change: 'added' | 'removed' | 'changed' }
  /** The layers below are others, because of the stage that this one is built on. */
  | { readonly kind: 'stage'; readonly stage: string }
  | { readonly kind: 'base-image'; readonly reference: string; readonly from?: string; readonly to?: string }
  /** The layers below are others, and nobody can tell why. */
  | { readonly kind: 'layers-below' }
  /** Another lamella, for which the parts of the key mean something else. */
  | { readonly kind: 'recipe'; readonly from: string; readonly to: string };
