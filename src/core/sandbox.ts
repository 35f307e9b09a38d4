import type { TerminalSize } from './terminal.ts';

/** Identity under which a command runs, already looked up in the root file system. */
export interface ProcessIdentity {
  readonly uid: number;
  readonly gid: number;
  readonly supplementaryGids: readonly number[];
}

/** A directory or file of the host that a command sees at `target`. */
export interface SandboxMount {
  readonly kind: 'bind' | 'tmpfs';
  /** Absolute path on the host; for `bind` only. */
  readonly source?: string;
  /** Absolute path inside the root. */
  readonly target: string;
  readonly readOnly: boolean;
  /** Upper limit of a tmpfs in bytes. */
  readonly sizeBytes?: number;
  readonly mode?: number;
}

export type NetworkMode = 'default' | 'none' | 'host';

/** What the network of a command that asks for nothing is: that of the machine, or one of its own which leads to the world. */
export type DefaultNetwork = 'host' | 'isolated';

/** One command to run inside a root file system. */
export interface SandboxRequest {
  readonly argv: readonly string[];
  /** `NAME=value`, the whole environment. */
  readonly env: readonly string[];
  /** Absolute, existing directory inside the root. */
  readonly cwd: string;
  readonly identity: ProcessIdentity;
  readonly hostname: string;
  readonly mounts: readonly SandboxMount[];
  readonly network: NetworkMode | 'isolated';
  /** `insecure` gives all capabilities of the host process. */
  readonly security: 'sandbox' | 'insecure';
  /** Whether setuid programs and file capabilities give no rights (no_new_privs). Default false. */
  readonly noNewPrivileges?: boolean;
  /** Limits of each process (setrlimit(2)); default: those of the calling process. */
  readonly limits?: readonly ResourceLimit[];
  readonly bounds?: ResourceBounds;
  /** Extra lines of /etc/hosts: name and address. */
  readonly extraHosts: readonly { readonly name: string; readonly address: string }[];
  /** Size of /dev/shm. Default 64 MiB. */
  readonly shmSizeBytes?: number;
}

/** What a command and all that it starts may take together, in the units of docker's options. */
export interface ResourceBounds {
  readonly memoryBytes?: number;
  /** Memory and swap together; `-1` is no limit. Default: twice `memoryBytes`. */
  readonly memorySwapBytes?: number;
  /** Processes and threads. */
  readonly pids?: number;
  /** Microseconds of processor time in each period. */
  readonly cpuQuota?: number;
  /** Microseconds. Default 100,000. */
  readonly cpuPeriod?: number;
  /** Weight against others, 2 to 262144; 1024 is that of a group without any. */
  readonly cpuShares?: number;
}

export interface ResourceLimit {
  /** As prlimit(1) has it: `nofile`, `nproc`, `as`, … */
  readonly name: string;
  /** `-1` is no limit. */
  readonly soft: number;
  readonly hard: number;
}

export type IsolationMethod = 'crun' | 'runc' | 'unshare' | 'bwrap' | 'chroot';

/** Ways to make the root file system of a command, best first. */
export type SnapshotterName = 'overlay' | 'fuse-overlayfs' | 'copy';

export interface LogChunk {
  readonly stream: 'stdout' | 'stderr';
  readonly bytes: Uint8Array;
}

/** A command in a root directory in which everything but /proc and /dev/mqueue is mounted. */
export type SandboxCommand = Omit<SandboxRequest, 'mounts' | 'extraHosts'>;

/** A terminal of this machine. */
export interface CommandTerminal {
  readonly path: string;
  /** Of its window when the command is started. */
  readonly size: TerminalSize;
  /** Calls back whenever that has changed. */
  onResize(listener: (size: TerminalSize) => void): void;
}

export interface SandboxRun {
  /** The command waits while a promise is pending. */
  readonly onOutput: (chunk: LogChunk) => void | Promise<void>;
  readonly signal?: AbortSignal | undefined;
  /** File that holds the network namespace which the command joins. Default: that of this process, or an empty one. */
  readonly networkNamespace?: string | undefined;
  /** Becomes the command's controlling terminal and standard streams; there is no output then. */
  readonly terminal?: CommandTerminal | undefined;
  /** A process that writes 0 there enters the control groups of the run. Default: none. */
  readonly joinFiles?: readonly string[] | undefined;
  /** Empty folder in memory for this run alone: what is written there (secrets are) never reaches a disk. */
  readonly scratch: string;
}

/** A way to run a command inside a root directory, in the process that may mount. */
export interface Sandbox {
  readonly method: IsolationMethod;
  /**
   * Resolves with the exit code (128 + n for signal n); aborting kills every process of the command. When it settles no
   * process of the command is left.
   * @throws StepError `STEP_ABORTED`; `STEP_SANDBOX_FAILED` when the command was not started
   */
  run(root: string, command: SandboxCommand, run: SandboxRun): Promise<{ readonly exitCode: number }>;
}
