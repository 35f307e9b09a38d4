import { join } from 'node:path';
import type { SandboxCommand } from '../core/sandbox.ts';
import type { TerminalSize } from '../core/terminal.ts';
import { grantedCapabilities } from './capabilities.ts';
import { MASKED_PATHS, READ_ONLY_PROC_PATHS } from './masked-paths.ts';
import { seccompProfile } from './seccomp.ts';

export interface OciConfigOptions {
  /** `CapBnd` of this process. */
  readonly capabilities: string;
  readonly canSetGroups: boolean;
  /** Annotations that go with the filter of system calls. */
  readonly filterAnnotations?: (() => Readonly<Record<string, string>>) | undefined;
}

/** What is there for one command alone. */
export interface OciRun {
  /** Window of the terminal that the runtime makes for it, and shows on its own. */
  readonly window: TerminalSize | undefined;
}

const PROTECTED = ['nosuid', 'noexec', 'nodev'];

/** The runtime configuration of one command (OCI runtime-spec, config.md and config-linux.md). */
export function ociConfig(root: string, command: SandboxCommand, options: OciConfigOptions & OciRun): unknown {
  const { identity, security, network } = command;
  const capabilities = grantedCapabilities(options.capabilities, security).map((name) => `CAP_${name.toUpperCase()}`);
  const isInsecure = security === 'insecure';
  return {
    ociVersion: '1.0.2',
    ...(!isInsecure && options.filterAnnotations && { annotations: options.filterAnnotations() }),
    root: { path: root },
    hostname: command.hostname,
    process: {
      terminal: options.window !== undefined,
      ...(options.window && { consoleSize: { width: options.window.columns, height: options.window.rows } }),
      args: command.argv,
      env: command.env,
      cwd: command.cwd,
      user: {
        uid: identity.uid,
        gid: identity.gid,
        umask: 0o22,
        ...(options.canSetGroups && { additionalGids: identity.supplementaryGids }),
      },
      capabilities: {
        bounding: capabilities,
        effective: capabilities,
        permitted: capabilities,
        inheritable: [],
        ambient: [],
      },
      noNewPrivileges: command.noNewPrivileges ?? false,
      rlimits: (command.limits ?? []).map(({ name, soft, hard }) => ({
        type: `RLIMIT_${name.toUpperCase()}`,
        soft: toRuntimeLimit(soft),
        hard: toRuntimeLimit(hard),
      })),
    },
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc', options: PROTECTED },
      // Already in place: stated so that the runtime does not fill it with nodes of its own.
      { destination: '/dev', type: 'bind', source: join(root, 'dev'), options: ['rbind', 'nosuid'] },
      { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: PROTECTED },
    ],
    linux: {
      namespaces: ['mount', 'pid', 'ipc', 'uts', ...(network === 'none' ? ['network'] : [])].map((type) => ({ type })),
      maskedPaths: isInsecure ? [] : MASKED_PATHS,
      readonlyPaths: isInsecure ? [] : READ_ONLY_PROC_PATHS,
      ...(!isInsecure && { seccomp: seccompProfile() }),
    },
  };
}

/** RLIM_INFINITY is the largest 64-bit number, which JSON numbers of JavaScript cannot hold: 2^63 - 1024 is as good. */
function toRuntimeLimit(limit: number): number {
  return limit === -1 ? 2 ** 63 - 1024 : limit;
}
