import { closeSync, existsSync, openSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StepError } from '../core/errors.ts';
import type { Sandbox, SandboxCommand, SandboxRun } from '../core/sandbox.ts';
import { loadLibc, NamespaceFlag } from '../io/libc.ts';
import { deniedCapabilities } from './capabilities.ts';
import { MASKED_PATHS, READ_ONLY_PROC_PATHS } from './masked-paths.ts';
import { formatMountTable, type TableMount } from './mount-table.ts';
import { runProgram, sandboxFailed } from './program.ts';

/** The programs of util-linux, and a shell that holds them together: all of them the host's. */
export interface UnshareTools {
  readonly unshare: string;
  readonly setpriv: string;
  readonly mount: string;
  readonly sh: string;
  readonly env: string;
  /** Brings the loopback interface up; else the launcher does. */
  readonly ip?: string | undefined;
}

export interface UnshareOptions {
  readonly tools: UnshareTools;
  /** `CapBnd` of this process. */
  readonly capabilities: string;
  /** False where setgroups(2) is denied, as in a user namespace with a single id. */
  readonly canSetGroups: boolean;
  /** Three words that start the launcher (src/hostd/launch.ts), which does with koffi what no program here does. */
  readonly launcher: readonly string[];
}

/**
 * Runs commands with util-linux alone: new mount, PID, IPC and UTS namespaces (and a network namespace without any
 * interface but loopback, if wanted), Docker's capabilities, masked /proc.
 *
 * The host's root is covered, not removed: pivot_root(2) would take away the programs that must still be executed, as an
 * image may hold none. The new root is moved over `/` and the command is put into it by chroot(2). No path leads out:
 * `..` ends at the mount on top, and uncovering it takes CAP_SYS_ADMIN in the owner of the mount namespace, which only
 * `insecure` commands have; a user namespace made inside does not give it. There is no seccomp filter.
 */
export function createUnshare(options: UnshareOptions): Sandbox {
  return {
    method: 'unshare',
    async run(root, command, run) {
      const plan = { options, root, command, run };
      writeFileSync(mountTablePath(run), formatMountTable(procMounts(root, command)));
      const exitCode = await runProgram(
        {
          program: options.tools.unshare,
          args: unshareArguments(plan),
          owner: command.identity,
          around: (fork) => inOwnNamespaces(command.hostname, fork),
        },
        run,
      );
      if (!existsSync(startedPath(run))) throw setUpFailed(exitCode, run);
      return { exitCode };
    },
  };
}

interface Plan {
  readonly options: UnshareOptions;
  readonly root: string;
  readonly command: SandboxCommand;
  readonly run: SandboxRun;
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
"$mount" -n -a -T "$table"
cd "$root"
"$mount" -n --move . /
: >"$started"
exec 2>&3 3>&-
exec "$@"
`;

function unshareArguments(plan: Plan): string[] {
  const { options, root, command, run } = plan;
  const { tools } = options;
  const hasLibc = loadLibc() !== undefined;
  const script = [
    ...[setUpLogPath(run), startedPath(run), hasLibc ? '' : command.hostname],
    ...[tools.mount, mountTablePath(run), root, ...loopbackCommand(options, command)],
  ];
  return [
    ...['--mount', '--ipc'],
    ...(hasLibc ? [] : ['--uts', '--pid', '--fork', '--kill-child']),
    ...(command.network === 'none' ? ['--net'] : []),
    ...[tools.sh, '-c', SCRIPT, 'lamella', ...script],
    ...privilegeArguments(options, command),
    ...launchArguments(plan),
  ];
}

/** Five words: a program and its arguments; the first one empty for nothing to do. */
function loopbackCommand({ tools, launcher }: UnshareOptions, { network }: SandboxCommand): readonly string[] {
  if (network !== 'none' || (tools.ip === undefined && loadLibc() === undefined)) return ['', '', '', '', ''];
  return tools.ip === undefined ? [...launcher, 'loopback', ''] : [tools.ip, 'link', 'set', 'lo', 'up'];
}

/** Ids of the group and capabilities; the user id comes last, because it takes away the right to chroot. */
function privilegeArguments({ tools, capabilities, canSetGroups }: UnshareOptions, command: SandboxCommand): string[] {
  const { gid, supplementaryGids } = command.identity;
  const denied = deniedCapabilities(capabilities, command.security);
  const groups = supplementaryGids.length === 0 ? ['--clear-groups'] : ['--groups', supplementaryGids.join(',')];
  return [
    tools.setpriv,
    ...(denied.length === 0 ? [] : ['--bounding-set', denied.map((number) => `-cap_${number}`).join(',')]),
    ...['--inh-caps', '-all', '--regid', String(gid)],
    ...(canSetGroups ? groups : ['--keep-groups']),
  ];
}

/** Enters the root, takes the user id and executes the command with its environment. */
function launchArguments({ options, command, run }: Plan): string[] {
  const { tools, launcher } = options;
  const { argv, env, cwd, identity } = command;
  if (env.some(steersPrograms)) {
    if (loadLibc() === undefined) throw unsafeEnvironment(env);
    const path = join(run.scratch, 'launch.json');
    writeFileSync(path, JSON.stringify({ argv, env, cwd, uid: identity.uid }));
    return [...launcher, 'command', path];
  }
  return [
    ...[tools.env, '-i', '--', ...env],
    ...[tools.unshare, '--root=.', `--wd=${cwd}`, `--setuid=${identity.uid}`, '--', ...argv],
  ];
}

/**
 * Variables that the dynamic loader, the C library or a locale obeys (ld.so(8), "Secure-execution mode"): with them a
 * Dockerfile could make the host's own programs, which start the command, load code.
 */
function steersPrograms(variable: string): boolean {
  const name = variable.split('=', 1)[0] ?? '';
  if (/^(LANG|LANGUAGE|LC_\w+)$/.test(name)) return variable.includes('/');
  return /^(LD_\w*|MALLOC_\w*|GCONV_PATH|GETCONF_DIR|GLIBC_TUNABLES|LOCPATH|NLSPATH)$/.test(name);
}

function unsafeEnvironment(env: readonly string[]): StepError {
  const name = env.find(steersPrograms)?.split('=')[0];
  return new StepError('STEP_SANDBOX_UNAVAILABLE', `cannot run a command with ${name} set in its environment`, {
    hint: 'it would act on the programs of this machine that start the command: install crun, or the package koffi',
  });
}

/**
 * Forks in a new UTS and a new PID namespace, so that the program itself is the init process of the latter: its exit
 * code is the command's, where `unshare --fork` would stand in between (and util-linux 2.38 fails when SIGKILL ended
 * the command). The thread leaves the PID namespace at once; its former UTS namespace is of no use to anybody.
 */
function inOwnNamespaces<T>(hostname: string, fork: () => T): T {
  const libc = loadLibc();
  if (libc === undefined) return fork();
  const own = openSync('/proc/thread-self/ns/pid', 'r');
  libc.unshare(NamespaceFlag.uts | NamespaceFlag.pid);
  try {
    libc.setHostname(hostname);
    return fork();
  } finally {
    libc.setNamespace(own, NamespaceFlag.pid);
    closeSync(own);
  }
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

function setUpFailed(exitCode: number, run: SandboxRun): StepError {
  const log = existsSync(setUpLogPath(run)) ? readFileSync(setUpLogPath(run), 'utf8') : '';
  const lines = log.split('\n').filter((line) => line !== '');
  return sandboxFailed(`the sandbox could not be set up with unshare (exit code ${exitCode})`, lines);
}

function mountTablePath(run: SandboxRun): string {
  return join(run.scratch, 'fstab');
}

function setUpLogPath(run: SandboxRun): string {
  return join(run.scratch, 'set-up.log');
}

function startedPath(run: SandboxRun): string {
  return join(run.scratch, 'started');
}
