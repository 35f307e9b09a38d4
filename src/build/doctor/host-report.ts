import type { IsolationMethod } from '../../core/sandbox.ts';
import type { HostFlavor } from '../../rootfs/host-messages.ts';

/** What {@link examineHost} found. */
export interface HostReport {
  readonly machine: MachineReport;
  /** The method that `isolation: 'auto'` takes; absent where RUN cannot work. */
  readonly method?: IsolationMethod;
  /** Best first, in the order in which `auto` takes them. */
  readonly methods: readonly MethodReport[];
  readonly checks: readonly HostCheck[];
}

export interface MachineReport {
  readonly platform: string;
  readonly architecture: string;
  /** Of the kernel. */
  readonly release: string;
  readonly node: string;
  readonly user: string;
  readonly container?: 'docker' | 'podman' | 'kubernetes' | 'other';
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

export interface HostCheck {
  readonly name: string;
  /** `warning`: something goes without it. `problem`: builds fail. */
  readonly status: 'ok' | 'warning' | 'problem';
  readonly finding: string;
  readonly remedies: readonly string[];
}
