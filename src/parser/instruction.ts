import type { SourceSpan } from '../core/span.ts';

/** A piece of the Dockerfile as written (quotes and variables still in it) and where it stands. */
export interface Word {
  readonly text: string;
  readonly span: SourceSpan;
}

/** A flag in front of an instruction's arguments, quotes removed. `value` is absent in `--link`. */
export interface Flag {
  readonly name: string;
  readonly value?: string;
  readonly span: SourceSpan;
}

/** A here-document (reference, section 5). */
export interface Heredoc {
  readonly name: string;
  /** Body as in the file, line endings included; tabs not yet removed. */
  readonly content: string;
  /** False when the name was quoted. */
  readonly expand: boolean;
  /** `<<-`: leading tabs of every line go away on use. */
  readonly chomp: boolean;
  readonly fileDescriptor: number;
  /** Of the `<<NAME` word. */
  readonly span: SourceSpan;
}

export type Command =
  | { readonly form: 'shell'; readonly text: string; readonly span: SourceSpan }
  | { readonly form: 'exec'; readonly argv: readonly string[]; readonly span: SourceSpan };

/** What every instruction has. */
export interface InstructionBase {
  /** As written, for checks and messages. */
  readonly keyword: Word;
  readonly flags: readonly Flag[];
  /** From the first raw line to the last one, heredoc terminators included. */
  readonly span: SourceSpan;
  /** The logical line: continuations joined, comments dropped, trimmed; without heredoc bodies. */
  readonly logicalText: string;
  /** Comment lines directly above, without `#`. */
  readonly comments: readonly string[];
  readonly heredocs: readonly Heredoc[];
}

export interface FromInstruction extends InstructionBase {
  readonly kind: 'FROM';
  readonly platform?: Word;
  readonly image: Word;
  /** `AS` as written; there with `stageName`. */
  readonly asKeyword?: Word;
  readonly stageName?: Word;
}

export interface RunInstruction extends InstructionBase {
  readonly kind: 'RUN';
  readonly command: Command;
  /** Values of `--mount`, not yet expanded; {@link parseMount} reads one after expansion. */
  readonly mounts: readonly Word[];
  readonly network?: Word;
  readonly security?: Word;
  readonly devices: readonly Word[];
}

/** A source of COPY or ADD: a path or URL as written, or a heredoc of this instruction. */
export type CopySource =
  | { readonly kind: 'path'; readonly word: Word }
  /** `word` is the `<<NAME`. */
  | { readonly kind: 'heredoc'; readonly word: Word; readonly heredoc: Heredoc };

interface CopyLike extends InstructionBase {
  readonly sources: readonly CopySource[];
  readonly destination: Word;
  readonly json: boolean;
  readonly chown?: Word;
  readonly chmod?: Word;
  readonly link: boolean;
  readonly exclude: readonly Word[];
}

export interface CopyInstruction extends CopyLike {
  readonly kind: 'COPY';
  readonly from?: Word;
  readonly parents: boolean;
}

export interface AddInstruction extends CopyLike {
  readonly kind: 'ADD';
  readonly checksum?: Word;
  readonly keepGitDir?: boolean;
  readonly unpack?: boolean;
}

export interface KeyValue {
  readonly name: Word;
  readonly value: Word;
}

export interface EnvInstruction extends InstructionBase {
  readonly kind: 'ENV';
  readonly pairs: readonly KeyValue[];
  /** `ENV name value`. */
  readonly legacy: boolean;
}

export interface LabelInstruction extends InstructionBase {
  readonly kind: 'LABEL';
  readonly pairs: readonly KeyValue[];
  readonly legacy: boolean;
}

export interface ArgInstruction extends InstructionBase {
  readonly kind: 'ARG';
  readonly args: readonly { readonly name: Word; readonly value?: Word }[];
}

export interface CmdInstruction extends InstructionBase {
  readonly kind: 'CMD';
  readonly command: Command;
}

export interface EntrypointInstruction extends InstructionBase {
  readonly kind: 'ENTRYPOINT';
  readonly command: Command;
}

export interface ShellInstruction extends InstructionBase {
  readonly kind: 'SHELL';
  readonly argv: readonly string[];
}

export interface ExposeInstruction extends InstructionBase {
  readonly kind: 'EXPOSE';
  readonly ports: readonly Word[];
}

export interface VolumeInstruction extends InstructionBase {
  readonly kind: 'VOLUME';
  readonly paths: readonly Word[];
  readonly json: boolean;
}

export interface UserInstruction extends InstructionBase {
  readonly kind: 'USER';
  readonly user: Word;
}

export interface WorkdirInstruction extends InstructionBase {
  readonly kind: 'WORKDIR';
  readonly path: Word;
}

export interface StopsignalInstruction extends InstructionBase {
  readonly kind: 'STOPSIGNAL';
  readonly signal: Word;
}

export interface MaintainerInstruction extends InstructionBase {
  readonly kind: 'MAINTAINER';
  readonly name: Word;
}

export interface HealthcheckInstruction extends InstructionBase {
  readonly kind: 'HEALTHCHECK';
  readonly test: { readonly kind: 'none' } | { readonly kind: 'command'; readonly command: Command };
  /** Nanoseconds; absent when not given. */
  readonly interval?: number;
  readonly timeout?: number;
  readonly startPeriod?: number;
  readonly startInterval?: number;
  readonly retries?: number;
}

export interface OnbuildInstruction extends InstructionBase {
  readonly kind: 'ONBUILD';
  /** What is stored in the image config (reference, sections 5 and 9). */
  readonly trigger: string;
  readonly instruction: Instruction;
}

/** Every instruction of the language, tagged by `kind`. */
export type Instruction =
  | FromInstruction
  | RunInstruction
  | CopyInstruction
  | AddInstruction
  | EnvInstruction
  | LabelInstruction
  | ArgInstruction
  | CmdInstruction
  | EntrypointInstruction
  | ShellInstruction
  | ExposeInstruction
  | VolumeInstruction
  | UserInstruction
  | WorkdirInstruction
  | StopsignalInstruction
  | MaintainerInstruction
  | HealthcheckInstruction
  | OnbuildInstruction;

export type InstructionKind = Instruction['kind'];
