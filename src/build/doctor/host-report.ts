import type { IsolationMethod, SnapshotterName } from '../../core/sandbox.ts';
import type { HostFlavor, NetworkHelperName } from '../../rootfs/host-messages.ts';

/** What {@link examineHost} found. */
export interface HostReport {
  readonly machine: MachineReport;
  /** The method that `isolation: 'auto'` takes; absent where RUN cannot work. */
  readonly method?: IsolationMethod;
  /** Best first, in the order in which `auto` takes them. */
  readonly methods: readonly MethodReport[];
  /** Absent, as the next two are, where no method works. They were tried with the first that does. */
  readonly snapshotter?: SnapshotterReport;
  readonly isolatedNetwork?: IsolatedNetworkReport;
  readonly bounds?: BoundsReport;
  readonly checks: readonly HostCheck[];
}

export interface MachineReport {
  readonly platform: string;
  readonly architecture: string;
  /** Of the kernel. */
  readonly release: string;
  readonly node: string;
  readonly user: string;
  readonly container?: 'docker' | 'podman' | 'buildah' | 'kubernetes' | 'other';
  readonly runner?: 'github' | 'gitlab';
}

/** How one way to isolate commands fared when it was tried. */
export interface MethodReport {
  readonly method: IsolationMethod;
  readonly works: boolean;
  /** What it protects from, or lacks. */
  readonly gives: string;
  /** How much of the ids it commands: all (`root`), those of newuidmap (`mapped`), or one. */
  readonly flavor?: HostFlavor;
  /** Why it does not work. */
  readonly reason?: string;
  /** What the programs that were tried wrote. */
  readonly output?: readonly string[];
  /** Commands or settings that would enable it. */
  readonly remedies: readonly string[];
}

/** What makes the root file systems of RUN in the cache folder: what `snapshotter: 'auto'` takes. */
export interface SnapshotterReport {
  readonly name: SnapshotterName;
  /** Better ones that do not work here, with the reason: `overlay: EINVAL`. */
  readonly passedOver: readonly string[];
  /** Commands or settings that would enable a better one. */
  readonly remedies: readonly string[];
}

/** How `networkMode: 'isolated'` fared when a command was run with it. */
export interface IsolatedNetworkReport {
  readonly works: boolean;
  /** What leads from a command's own network to the world. */
  readonly helper?: NetworkHelperName;
  /** Why it does not work. */
  readonly reason?: string;
  /** What the helpers that were tried wrote. */
  readonly output?: readonly string[];
  /** Commands or settings that would enable it. */
  readonly remedies: readonly string[];
}

/** How `bounds` of memory and processes are kept here. */
export interface BoundsReport {
  /**
   * `control-groups`: they bind a command with all that it starts. `process-limits`: rlimits bind the memory of each
   * process, and the number of a user's processes (not of root's). `nothing`: a command with bounds does not run here.
   */
  readonly enforcedBy: 'control-groups' | 'process-limits' | 'nothing';
  /** Why not by control groups. */
  readonly reason?: string;
  /** Commands or settings that would bind commands as a whole. */
  readonly remedies: readonly string[];
}

export interface HostCheck {
  readonly name: string;
  /** `warning`: something goes without it. `problem`: builds fail. */
  readonly status: 'ok' | 'warning' | 'problem';
  readonly finding: string;
  readonly remedies: readonly string[];
}
