import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StepError } from '../core/errors.ts';
import type { IsolationMethod, Sandbox, SandboxCommand, SandboxRun } from '../core/sandbox.ts';
import { loadLibc } from '../io/libc/libc.ts';
import { type LaunchOptions, type LaunchTools, launchCommand } from './launch-command.ts';
import { MASKED_PATHS, READ_ONLY_PROC_PATHS } from './masked-paths.ts';
import { formatMountTable, type TableMount } from './mount-table.ts';
import { runProgram, type SandboxProgram, sandboxFailed } from './program.ts';

/** The programs of util-linux, and a shell that holds them together: all of them the host's. */
export interface CoveredRootTools extends LaunchTools {
  readonly mount: string;
  readonly sh: string;
  /** Brings the loopback interface up; else the launcher does. */
  readonly ip?: string | undefined;
}

export interface CoveredRootOptions extends LaunchOptions {
  readonly tools: CoveredRootTools;
}

export interface CoveredRoot {
  readonly method: IsolationMethod;
  readonly options: CoveredRootOptions;
  /** How a program is started in the namespaces of one command; it mounts, so its mount namespace is one of them. */
  readonly enter: (program: readonly string[], place: CoveredPlace) => Omit<SandboxProgram, 'owner'>;
  /** Whether the program is started with the host's root covered by that of the command, which it works in. Default: never. */
  readonly covers?: (run: SandboxRun) => boolean;
}

export interface CoveredPlace {
  readonly root: string;
  readonly command: SandboxCommand;
  readonly run: SandboxRun;
}

/**
 * Runs commands in namespaces that a program of the host makes: Docker's capabilities, masked /proc.
 *
 * The host's root is covered, not removed: pivot_root(2) would take away the programs that must still be executed, as an
 * image may hold none. The new root is moved over `/` and the command is put into it by chroot(2). No path leads out:
 * `..` ends at the mount on top, and uncovering it takes CAP_SYS_ADMIN in the owner of the mount namespace, which only
 * `insecure` commands have; a user namespace made inside does not give it. There is no seccomp filter.
 */
export function createCoveredRoot({ method, options, enter, covers = () => false }: CoveredRoot): Sandbox {
  return {
    method,
    async run(root, command, run) {
      const toCover = covers(run) ? undefined : root;
      const program = enter(coveredRootCommand({ options, root: toCover, command, run }), { root, command, run });
      const exitCode = await runProgram({ ...program, owner: command.identity }, run);
      if (!existsSync(startedPath(run))) throw setUpFailed(method, exitCode, run);
      return { exitCode };
    },
  };
}

/**
 * Set-up errors go to a file, so that they are not taken for output of the command; the last step before the command
 * leaves a mark. The shell and all programs are found in the old root also after the move: its own root is still that.
 */
const SCRIPT = `
set -e
exec 3>&2 2>"$1"
started=$2 hostname=$3 mount=$4 table=$5 root=$6 loopback=$7
if [ -n "$hostname" ]; then
  { echo "$hostname" >/proc/sys/kernel/hostname; } 2>/dev/null || hostname "$hostname"
fi
if [ -n "$loopback" ]; then "$loopback" "$8" "$9" "\${10}" "\${11}"; fi
shift 11
"$mount" -n -c -a -T "$table"
if [ -n "$root" ]; then
  cd "$root"
  "$mount" -n --move . /
fi
: >"$started"
exec 2>&3 3>&-
exec "$@"
`;

type Scratch = Pick<SandboxRun, 'scratch'>;

export interface CoveredRootPlan {
  readonly options: CoveredRootOptions;
  /** `undefined` when it is the working directory, and covers the host's. */
  readonly root: string | undefined;
  readonly command: SandboxCommand;
  readonly run: Scratch;
}

/** A command line that, started in the namespaces of one command, covers the root and becomes the command. */
export function coveredRootCommand({ options, root, command, run }: CoveredRootPlan): string[] {
  writeFileSync(mountTablePath(run), formatMountTable(procMounts(root ?? '.', command)));
  const hostname = loadLibc() === undefined ? command.hostname : '';
  return [
    ...[options.tools.sh, '-c', SCRIPT, 'lamella', setUpLogPath(run), startedPath(run), hostname],
    ...[options.tools.mount, mountTablePath(run), root ?? '', ...loopbackCommand(options, command)],
    ...launchCommand({ options, command, run }),
  ];
}

/** Five words: a program and its arguments; the first one empty for nothing to do. */
function loopbackCommand({ tools, launcher }: CoveredRootOptions, { network }: SandboxCommand): readonly string[] {
  if (network !== 'none' || (tools.ip === undefined && loadLibc() === undefined)) return ['', '', '', '', ''];
  return tools.ip === undefined ? [...launcher, 'loopback', ''] : [tools.ip, 'link', 'set', 'lo', 'up'];
}

function procMounts(root: string, { security }: SandboxCommand): TableMount[] {
  const proc: TableMount = { source: 'proc', target: join(root, 'proc'), type: 'proc', options: 'nosuid,nodev,noexec' };
  const queues: TableMount = {
    source: 'mqueue',
    target: join(root, 'dev/mqueue'),
    type: 'mqueue',
    options: 'nosuid,nodev,noexec',
  };
  if (security === 'insecure') return [proc, queues];
  const masked = MASKED_PATHS.filter((path) => existsSync(path)).map((path) => maskOf(root, path));
  const readOnly = READ_ONLY_PROC_PATHS.filter((path) => existsSync(path)).map((path) => ({
    source: join(root, path),
    target: join(root, path),
    type: 'none',
    options: 'bind,ro,nosuid,nodev,noexec',
  }));
  return [proc, queues, ...masked, ...readOnly];
}

function maskOf(root: string, path: string): TableMount {
  const target = join(root, path);
  return statSync(path).isDirectory()
    ? { source: 'tmpfs', target, type: 'tmpfs', options: 'ro,size=4k' }
    : { source: join(root, 'dev/null'), target, type: 'none', options: 'bind' };
}

function setUpFailed(method: IsolationMethod, exitCode: number, run: SandboxRun): StepError {
  const log = existsSync(setUpLogPath(run)) ? readFileSync(setUpLogPath(run), 'utf8') : '';
  const lines = log.split('\n').filter((line) => line !== '');
  return sandboxFailed(`the sandbox could not be set up with ${method} (exit code ${exitCode})`, lines);
}

function mountTablePath(run: Scratch): string {
  return join(run.scratch, 'fstab');
}

function setUpLogPath(run: Scratch): string {
  return join(run.scratch, 'set-up.log');
}

function startedPath(run: Scratch): string {
  return join(run.scratch, 'started');
}
