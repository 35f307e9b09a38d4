import type { DiffId, Digest } from '../core/digest.ts';
import type { Layer } from '../core/image.ts';
import type { LayerLimits } from '../core/limits.ts';
import type { Compression } from '../core/media-types.ts';
import type { IsolationMethod, SandboxMount, SandboxRequest, SnapshotterName } from '../core/sandbox.ts';
import type { TerminalSize } from '../core/terminal.ts';
import type { Metadata, PackEntry, WhiteoutEntry } from '../core/toc.ts';
import type { TimePolicy } from '../layers/tar-blocks.ts';
import type { ChangedPath } from './changed-path.ts';

/** How much of the machine's ids the sandbox host commands: all, those of newuidmap, or only the user's own. */
export type HostFlavor = 'root' | 'mapped' | 'single-id';

/** A layer to be unpacked into a directory that later snapshots share. */
export interface LayerToUnpack {
  /** Names the directory: equal ids mean equal content. Letters, digits, `.`, `:`, `_` and `-`. */
  readonly id: string;
  readonly blobPath: string;
  readonly compression: Compression;
  readonly digest: Digest;
  /** Checked. */
  readonly diffId: DiffId;
  /** Tar paths that lie elsewhere, because a parent is a symbolic link in a lower layer. */
  readonly rename?: Readonly<Record<string, string>>;
  /** Default: none. */
  readonly limits?: LayerLimits;
  /** What directories that no entry describes have in lower layers. Default: mode 0755, owner 0:0. */
  readonly implied?: Readonly<Record<string, Metadata>>;
}

/** A layer whose blob is still being fetched. */
export interface ArrivingLayer extends Omit<LayerToUnpack, 'id' | 'rename' | 'implied'> {
  /** Where its bytes come in: it has its name, `blobPath`, when it is whole and verified. */
  readonly arrivingPath: string;
}

/** What a command sees at a path besides the snapshot; mounted in the order of the list. */
export type RunMountRequest =
  | SandboxMount
  /** A file with this content (base64), in memory only. */
  | {
      readonly kind: 'file';
      readonly target: string;
      readonly content: string;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
    }
  /** A socket of this build alone, whose mode and owner are set. */
  | {
      readonly kind: 'socket';
      readonly source: string;
      readonly target: string;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
    }
  /** A directory of the host that is made with mode and owner when it is missing, and kept. */
  | {
      readonly kind: 'cache';
      readonly source: string;
      readonly target: string;
      readonly readOnly: boolean;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
      /** What the directory holds when it is made. */
      readonly initial?: SnapshotSource;
    }
  /** A path of other layers; what is written there is dropped after the run. */
  | ({ readonly kind: 'snapshot'; readonly target: string; readonly readOnly: boolean } & SnapshotSource)
  /** A directory or file of the host; what is written there is dropped after the run. */
  | { readonly kind: 'context'; readonly source: string; readonly target: string; readonly readOnly: boolean };

export interface SnapshotSource {
  /** Lowest first. */
  readonly layerIds: readonly string[];
  /** Path inside; symbolic links are followed there. */
  readonly source: string;
}

export interface RunRequest extends Omit<SandboxRequest, 'mounts'> {
  readonly mounts: readonly RunMountRequest[];
  /** The command gets a terminal of this size, to which the messages `typed` and `resized` go. */
  readonly terminal?: TerminalSize;
}

export type NetworkHelperName = 'slirp4netns' | 'pasta';

export interface RunResult {
  readonly exitCode: number;
  readonly method: IsolationMethod;
  /** What led from a network of its own to the world. */
  readonly networkHelper?: NetworkHelperName;
  /** Why limits of single processes stand for the bounds of the request. */
  readonly unbound?: string;
  /** The kernel killed a process of it: the bound of memory was reached. */
  readonly outOfMemory?: true;
}

export interface RunAnswer extends RunResult {
  /** What `changes` would answer: sent along with the success of the last command. */
  readonly changes?: readonly ChangedPath[];
}

export interface SnapshotPackOptions {
  /** The blob store's directory (that which holds `blobs`). */
  readonly blobDir: string;
  /** Where unfinished blobs lie; on the blob store's file system. */
  readonly tempDir: string;
  readonly times: TimePolicy;
  readonly compression: Compression;
  readonly level?: number;
}

export interface CommitOptions {
  readonly times: TimePolicy;
  /** A snapshot on top of the committed layer is asked for next, most likely: it may be opened before that. */
  readonly opensNext?: boolean;
}

/** An entry to pack; what regular files hold is read from the snapshot. */
export type SnapshotEntry = Omit<PackEntry, 'source'> | WhiteoutEntry;

/** A layer with its table of contents as it is stored, in base64. */
export interface PackedSnapshot extends Layer {
  readonly toc: string;
}

/** Every call of the sandbox host: what it is given and what it answers. */
export interface HostCalls {
  readonly start: { readonly request: HostSettings; readonly answer: HostFacts };
  readonly unpackLayer: { readonly request: LayerToUnpack; readonly answer: null };
  /**
   * Unpacks a layer while its blob arrives, for an `unpackLayer` that may follow: nobody sees it before. Answers the table
   * of contents (base64 of what `encodeToc` writes) when the blob was verified, and its diff ID is right.
   */
  readonly unpackAhead: { readonly request: ArrivingLayer; readonly answer: { readonly toc: string } };
  readonly hasLayer: { readonly request: { readonly id: string }; readonly answer: boolean };
  /** The caller numbers its snapshots, so that it can ask for more before this is answered. */
  readonly openSnapshot: {
    readonly request: OfSnapshot<{ readonly layerIds: readonly string[] }>;
    readonly answer: null;
  };
  /** After the last command of a snapshot, where it succeeded, the root is not shown any more: its changes stay. */
  readonly run: {
    readonly request: OfSnapshot<{ readonly run: RunRequest; readonly isLast?: boolean }>;
    readonly answer: RunAnswer;
  };
  /** The first of some programs that can be executed; names are looked for as the command's environment says. */
  readonly findExecutable: {
    readonly request: OfSnapshot<{ readonly names: readonly string[]; readonly env: readonly string[] }>;
    readonly answer: string | null;
  };
  readonly changes: { readonly request: OfSnapshot; readonly answer: readonly ChangedPath[] };
  readonly hash: {
    readonly request: OfSnapshot<{ readonly paths: readonly string[] }>;
    readonly answer: Readonly<Record<string, Digest>>;
  };
  readonly pack: {
    readonly request: OfSnapshot<{ readonly entries: readonly SnapshotEntry[]; readonly options: SnapshotPackOptions }>;
    readonly answer: PackedSnapshot;
  };
  /** Answers whether the directory of the layer is there from now on: not every snapshotter needs it at once. */
  readonly commit: {
    readonly request: OfSnapshot<CommitOptions & { readonly id: string }>;
    readonly answer: boolean;
  };
  /** Keeps the root as it is now, as the directory of a layer; answers the layers that show it again. */
  readonly keep: { readonly request: OfSnapshot<{ readonly id: string }>; readonly answer: readonly string[] };
  readonly closeSnapshot: { readonly request: OfSnapshot; readonly answer: null };
  readonly reclaim: { readonly request: { readonly paths: readonly string[] }; readonly answer: null };
  readonly stop: { readonly request: Readonly<Record<string, never>>; readonly answer: null };
}

type OfSnapshot<T = unknown> = { readonly snapshot: number } & T;

export interface HostSettings {
  /** Holds the directories of layers; shared by all builds of this cache. */
  readonly stateDir: string;
  /** For this build alone. */
  readonly tempDir: string;
  readonly isolation: 'auto' | IsolationMethod;
  readonly snapshotter: 'auto' | SnapshotterName;
  readonly flavor: HostFlavor;
}

export interface HostFacts {
  readonly method: IsolationMethod;
  readonly flavor: HostFlavor;
  readonly snapshotter: SnapshotterChoice;
  /** False where device nodes cannot be made: their absence then says nothing. */
  readonly makesDevices: boolean;
}

export interface SnapshotterChoice {
  readonly name: SnapshotterName;
  /** Better ones that do not work here, with the reason: `overlay: EINVAL`. */
  readonly passedOver: readonly string[];
}

export type CallName = keyof HostCalls;
export type CallRequest<K extends CallName> = HostCalls[K]['request'];
export type CallAnswer<K extends CallName> = HostCalls[K]['answer'];

/** Messages to the host. */
export type ToHost =
  | { readonly [K in CallName]: { readonly id: number; readonly call: K; readonly request: CallRequest<K> } }[CallName]
  | { readonly cancel: number }
  /** Asks for a sign of life. */
  | { readonly ping: true }
  /** Bytes of the run's log that were used: the host sends no more than {@link LOG_WINDOW} ahead. */
  | { readonly consumed: number; readonly bytes: number }
  /** How many bytes of the blob of a running call are there, and whether they are all of it, verified. */
  | { readonly arrived: number; readonly size: number; readonly isWhole: boolean }
  /** What was typed (base64) in the terminal of a running call. */
  | { readonly typed: number; readonly bytes: string }
  | { readonly resized: number; readonly size: TerminalSize };

/** Messages from the host; logs come as frames of their own. */
export type FromHost =
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly error: unknown }
  | { readonly pong: true };

/** Bytes of a run's log that may be on their way. */
export const LOG_WINDOW: number = 1 << 20;
