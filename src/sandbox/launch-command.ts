import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StepError } from '../core/errors.ts';
import type { SandboxCommand, SandboxRun } from '../core/sandbox.ts';
import { loadLibc } from '../io/libc/libc.ts';
import { deniedCapabilities } from './capabilities.ts';

/** The programs with which a command is given its root, ids, rights and environment: all of them the host's. */
export interface LaunchTools {
  readonly unshare: string;
  readonly setpriv: string;
  readonly env: string;
  /** Only needed for commands with limits. */
  readonly prlimit?: string | undefined;
}

export interface LaunchOptions {
  readonly tools: LaunchTools;
  /** `CapBnd` of this process. */
  readonly capabilities: string;
  /** False where setgroups(2) is denied, as in a user namespace with a single id. */
  readonly canSetGroups: boolean;
  /** Words that start the launcher (src/hostd/launch.ts), which does with koffi what no program here does. */
  readonly launcher: readonly string[];
  /** Whether it enters the root in any case: unshare(1) is of no use where unshare(2) is denied. */
  readonly alwaysByLauncher?: boolean;
}

export interface Launch {
  readonly options: LaunchOptions;
  readonly command: SandboxCommand;
  readonly run: Pick<SandboxRun, 'scratch'>;
}

/** A command line that, started in the directory of a root, enters that root and becomes the command. */
export function launchCommand(launch: Launch): string[] {
  const { options, command } = launch;
  return [...limitArguments(options, command), ...privilegeArguments(options, command), ...launchArguments(launch)];
}

function limitArguments({ tools: { prlimit } }: LaunchOptions, { limits = [] }: SandboxCommand): string[] {
  if (limits.length === 0) return [];
  if (prlimit === undefined) throw noLimits();
  const word = (limit: number): string => (limit === -1 ? 'unlimited' : String(limit));
  return [prlimit, ...limits.map(({ name, soft, hard }) => `--${name}=${word(soft)}:${word(hard)}`)];
}

function noLimits(): StepError {
  return new StepError('STEP_SANDBOX_UNAVAILABLE', 'cannot limit the resources of a command: prlimit is missing', {
    hint: 'install util-linux, or crun',
  });
}

/** Ids of the group and capabilities; the user id comes last, because it takes away the right to chroot. */
function privilegeArguments(options: LaunchOptions, command: SandboxCommand): string[] {
  const denied = deniedCapabilities(options.capabilities, command.security);
  return [
    options.tools.setpriv,
    ...(denied.length === 0 ? [] : ['--bounding-set', denied.map((number) => `-cap_${number}`).join(',')]),
    ...['--inh-caps', '-all'],
    ...(command.noNewPrivileges === true ? ['--no-new-privs'] : []),
    ...(takesGroupLast(options, command) ? [] : groupArguments(options, command)),
  ];
}

function groupArguments({ canSetGroups }: LaunchOptions, { identity }: SandboxCommand): string[] {
  const { gid, supplementaryGids } = identity;
  const groups = supplementaryGids.length === 0 ? ['--clear-groups'] : ['--groups', supplementaryGids.join(',')];
  return ['--regid', String(gid), ...(canSetGroups ? groups : ['--keep-groups'])];
}

/**
 * Whether unshare(1) takes the only group of the command, and no other, in the end: setpriv(1) looks even for numbers among
 * the host's names of groups, which loads more libraries than itself.
 */
function takesGroupLast(options: LaunchOptions, { env, identity }: SandboxCommand): boolean {
  return options.canSetGroups && identity.supplementaryGids.length === 0 && !needsLauncher(options, env);
}

function needsLauncher({ alwaysByLauncher = false }: LaunchOptions, env: readonly string[]): boolean {
  return alwaysByLauncher || env.some(steersPrograms);
}

/** Enters the root, takes the user id and executes the command with its environment. */
function launchArguments({ options, command, run }: Launch): string[] {
  const { tools, launcher } = options;
  const { argv, env, cwd, identity, limits } = command;
  const openFiles = limits?.find(({ name }) => name === 'nofile');
  if (needsLauncher(options, env)) {
    if (loadLibc() === undefined) throw unsafeEnvironment(env);
    const path = join(run.scratch, 'launch.json');
    writeFileSync(path, JSON.stringify({ argv, env, cwd, uid: identity.uid, openFiles }));
    return [...launcher, 'command', path];
  }
  return [
    ...[tools.env, '-i', '--', ...env],
    ...[tools.unshare, '--root=.', `--wd=${cwd}`],
    ...(takesGroupLast(options, command) ? [`--setgid=${identity.gid}`] : []),
    ...[`--setuid=${identity.uid}`, '--', ...argv],
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
