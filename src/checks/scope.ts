import type { Diagnostic } from '../core/errors.ts';
import type { IgnoreMatcher } from '../core/ignore.ts';
import type { ImageConfig } from '../core/image.ts';
import type { Platform } from '../core/platform.ts';
import type { SourceSpan } from '../core/span.ts';
import type { Tree } from '../core/tree.ts';
import type { Dockerfile } from '../parser/dockerfile.ts';
import type { ArgInstruction, Instruction } from '../parser/instruction.ts';
import type { BuildArgs } from '../plan/build-args.ts';
import type { StageOutcome } from '../plan/evaluate-graph.ts';
import type { FrontendOptions } from '../plan/frontend.ts';
import type { BuildGraph } from '../plan/graph.ts';
import type { ContextLookup } from '../plan/origins.ts';
import type { StageSection } from '../plan/stage-plan.ts';

export interface CheckRequest extends FrontendOptions {
  readonly dockerfile: Dockerfile;
  readonly buildArgs?: BuildArgs;
  /** Name of the stage to build. Default: the last one. */
  readonly target?: string;
  /** Stages whose values are looked at. Default: `needed` with a target, else `all`. */
  readonly stages?: 'all' | 'needed';
  /** Target platform. */
  readonly platform: Platform;
  readonly buildPlatform: Platform;
  /** What a `--build-context` of that name stands for. Default: there is none. */
  readonly lookupContext?: ContextLookup;
  /** Makes every broken rule an error, as the Dockerfile does with `error=true`. Default false. */
  readonly error?: boolean;
  /** Configuration of a base image, where somebody knows it. */
  readonly baseConfig?: (reference: string) => ImageConfig | undefined;
  /** The build context as COPY sees it, without what is ignored. Without it sources are not looked up. */
  readonly context?: Tree;
  readonly ignore?: CheckIgnore;
}

/** An ignore file. */
export interface CheckIgnore {
  readonly patterns: readonly string[];
  readonly matcher: IgnoreMatcher;
}

/** What rules look at. */
export interface CheckScope {
  readonly dockerfile: Dockerfile;
  readonly request: CheckRequest;
  /** ARGs above the first FROM. */
  readonly globalArgs: readonly ArgInstruction[];
  readonly sections: readonly StageSection[];
  /** Absent when the stages do not fit together. */
  readonly graph?: BuildGraph;
  /** Of the stages that are checked. */
  readonly outcomes: readonly StageOutcome[];
  /** Of parser and planner; `code` is the name of a rule. */
  readonly warnings: readonly Diagnostic[];
}

/** The instruction of the file to which a place belongs; blank lines may end it. */
export function instructionAt(dockerfile: Dockerfile, { start }: SourceSpan): Instruction | undefined {
  return dockerfile.instructions.findLast(({ span }) => span.start.offset <= start.offset);
}

/** True for a piece of text on one line, where a fix cannot lose a comment inside a continuation. */
export function isOnOneLine({ start, end }: SourceSpan): boolean {
  return start.line === end.line;
}
