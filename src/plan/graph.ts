import type { Platform } from '../core/platform.ts';
import type { SourceText } from '../core/span.ts';
import type { FromInstruction, Instruction } from '../parser/instruction.ts';

/** Variables of a scope. A declared but unset name maps to `undefined`. Insertion order is the order of declaration. */
export type Variables = ReadonlyMap<string, string | undefined>;

/** The stages of a Dockerfile and what they need of each other. Immutable, printable, made without any I/O. */
export interface BuildGraph {
  readonly source: SourceText;
  readonly escape: '\\' | '`';
  readonly stages: readonly Stage[];
  /** Index of the stage to build. */
  readonly target: number;
  /** Indexes of the stages that the target needs, itself included, ascending: an order in which they can be built. */
  readonly reachable: readonly number[];
  /** Global ARGs, build arguments applied, and the automatic platform ARGs. */
  readonly globalArgs: Variables;
}

export interface Stage {
  readonly index: number;
  /** Lower case. */
  readonly name?: string;
  readonly from: FromInstruction;
  readonly base: StageBase;
  /** From `--platform` of FROM, or of the base stage's; else, and for scratch, the target platform holds. */
  readonly platform?: Platform;
  /** What stands between this FROM and the next. */
  readonly instructions: readonly Instruction[];
  /** Stages that this one needs: its base, COPY --from and mounts. */
  readonly dependencies: readonly number[];
}

export type StageBase =
  | { readonly kind: 'scratch' }
  | { readonly kind: 'stage'; readonly index: number }
  /** An image reference as written, variables expanded. */
  | { readonly kind: 'image'; readonly reference: string }
  /** A `--build-context` replaces the base (or, named like the stage, the whole stage). */
  | { readonly kind: 'context'; readonly name: string };
