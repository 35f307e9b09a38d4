import type { NetworkMode } from '../core/sandbox.ts';
import type { SourceText } from '../core/span.ts';
import type { Instruction } from '../parser/instruction.ts';
import type { RemoteSource } from './remote-source.ts';

/** Where the files of a COPY, or of a bind or cache mount, come from. */
export type FileOrigin =
  | { readonly kind: 'context' }
  | { readonly kind: 'stage'; readonly index: number }
  | { readonly kind: 'image'; readonly reference: string }
  | { readonly kind: 'named-context'; readonly name: string }
  /** `from=scratch`: no files. */
  | { readonly kind: 'scratch' };

interface StepBase {
  readonly instruction: Instruction;
  /** What the spans of `instruction` point into: the Dockerfile, or the text of a trigger (ONBUILD) of the base. */
  readonly source: SourceText;
  /** For the history item (reference, section 14). */
  readonly createdBy: string;
}

/** A file whose content stands in the Dockerfile. */
export interface InlineFile {
  readonly name: string;
  readonly content: string;
}

interface CopyLikeStep extends StepBase {
  /** Expanded, as written otherwise. */
  readonly sources: readonly string[];
  readonly inlineFiles: readonly InlineFile[];
  /** Expanded and absolute; a trailing `/` or `/.` is kept. */
  readonly destination: string;
  readonly chown?: string;
  readonly chmod?: string;
  readonly link: boolean;
  readonly exclude: readonly string[];
}

export interface CopyStep extends CopyLikeStep {
  readonly kind: 'copy';
  readonly from: FileOrigin;
  readonly parents: boolean;
}

export interface AddStep extends CopyLikeStep {
  readonly kind: 'add';
  /** The sources that are fetched, by their text in `sources`; all others are paths of the context. */
  readonly remotes: ReadonlyMap<string, RemoteSource>;
  readonly unpack?: boolean;
}

/** A `--mount` of RUN, expanded, with its defaults filled in (reference, section 10). */
export type RunMount =
  | {
      readonly type: 'bind';
      readonly from: FileOrigin;
      readonly source: string;
      readonly target: string;
      readonly readOnly: boolean;
    }
  | {
      readonly type: 'cache';
      readonly id: string;
      readonly from?: FileOrigin;
      readonly source: string;
      readonly target: string;
      readonly sharing: 'shared' | 'private' | 'locked';
      readonly readOnly: boolean;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
    }
  | { readonly type: 'tmpfs'; readonly target: string; readonly sizeBytes?: number }
  | {
      readonly type: 'secret';
      readonly id: string;
      /** Absent when the secret is only given as a variable. */
      readonly target?: string;
      readonly env?: string;
      readonly required: boolean;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
    }
  | {
      readonly type: 'ssh';
      readonly id: string;
      readonly target: string;
      readonly required: boolean;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
    };

export interface RunStep extends StepBase {
  readonly kind: 'run';
  readonly argv: readonly string[];
  /** A heredoc script with a `#!` line: written to /dev/pipes/NAME, mode 0755, and executed. */
  readonly script?: InlineFile;
  /** Program of the stage's shell. */
  readonly shell: string;
  /** `NAME=value`: config and ARGs, the later one of a name alone. */
  readonly env: readonly string[];
  /** The names in `env` whose values come from ARG. */
  readonly args: readonly string[];
  /** Predefined proxy arguments: in the environment, never in the cache key or the history. */
  readonly proxyEnv: readonly string[];
  readonly cwd: string;
  /** As in the config: `''` is root. */
  readonly user: string;
  readonly hostname: string;
  readonly mounts: readonly RunMount[];
  readonly network: NetworkMode;
  readonly security: 'sandbox' | 'insecure';
}

export interface WorkdirStep extends StepBase {
  readonly kind: 'workdir';
  /** Absolute and clean; never `/`, which makes no layer and so is a metadata step. */
  readonly path: string;
  readonly user: string;
}

/** Changes only the configuration: an empty layer in the history. */
export interface MetadataStep extends StepBase {
  readonly kind: 'metadata';
}

export type Step = RunStep | CopyStep | AddStep | WorkdirStep | MetadataStep;

/** True when the history item of a step stands for no layer (reference, section 14). */
export function isEmptyLayer(step: Step): boolean {
  return step.kind === 'metadata';
}

/** Where a step reads files from, besides its own root file system. */
export function stepOrigins(step: Step): readonly FileOrigin[] {
  if (step.kind === 'copy') return [step.from];
  if (step.kind !== 'run') return step.kind === 'add' ? [{ kind: 'context' }] : [];
  return step.mounts.flatMap((mount) => ('from' in mount && mount.from !== undefined ? [mount.from] : []));
}
