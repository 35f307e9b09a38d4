import { existsSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { StepError } from '../core/errors.ts';
import { nodeProgram } from '../io/host.ts';
import { loadLibc } from '../io/libc/libc.ts';
import { findProgram } from '../io/programs.ts';
import type { HostFlavor } from './host-messages.ts';
import { readMachine } from './machine.ts';
import { findObstacle, type Obstacle } from './obstacles.ts';

/** One way to start the sandbox host. */
export interface HostLaunch {
  readonly flavor: HostFlavor;
  readonly program: string;
  readonly args: readonly string[];
  /** It waits for a line of input until its ids are mapped, see {@link mapSubordinateIds}. */
  readonly waitsForIds?: boolean;
}

/** The same module as source (run by Node's type stripping) or as built JavaScript, whichever this one is. */
const HOST_MODULE = fileURLToPath(new URL(`../hostd/main${extname(import.meta.url)}`, import.meta.url));

/**
 * hostd is the init process of its own PID namespace: when it dies, the kernel kills all that it started. It dies with
 * `unshare`, and that one with this process, whatever ends it (the parent-death signals of unshare and setpriv).
 */
const NAMESPACES = ['--mount', '--uts', '--pid', '--fork', '--kill-child', '--mount-proc'];
const USER_NAMESPACES: Readonly<Record<HostFlavor, readonly string[]>> = {
  root: [],
  mapped: ['--user', '--map-root-user', '--map-auto'],
  'single-id': ['--user', '--map-root-user'],
};

const HOST_COMMAND: readonly string[] = [nodeProgram(), '--disable-warning=ExperimentalWarning', HOST_MODULE];

/**
 * The ways to try, best first.
 * @throws StepError `STEP_SANDBOX_UNAVAILABLE` where there is none
 */
export function hostLaunches(platform: NodeJS.Platform, user: number): HostLaunch[] {
  const unshare = platform === 'linux' ? findProgram('unshare') : undefined;
  refuseWithoutProc(platform);
  if (unshare === undefined) throw missingPlatform(platform);
  const setpriv = findProgram('setpriv');
  const own = user === 0 ? ownFlavor() : undefined;
  const flavors: HostFlavor[] = own === 'root' ? ['root', 'mapped', 'single-id'] : ['mapped', 'single-id'];
  const tied = setpriv === undefined ? [] : [setpriv, '--pdeathsig', 'KILL'];
  const launch = (flavor: HostFlavor, namespaces: readonly string[]): HostLaunch =>
    toLaunch(flavor, [...tied, unshare, ...namespaces, ...NAMESPACES, ...HOST_COMMAND]);
  // Root of a user namespace needs no other one.
  if (own !== undefined && own !== 'root') return [launch(own, [])];
  return flavors.map((flavor) => launch(flavor, USER_NAMESPACES[flavor]));
}

/** Processes learn there what they may do. */
function refuseWithoutProc(platform: NodeJS.Platform): void {
  if (platform === 'linux' && !existsSync('/proc/self')) throw launchRefused([]);
}

/** What root of this process commands: less than all ids, where a container is a user namespace. */
function ownFlavor(): HostFlavor {
  const ids = idCount('/proc/self/uid_map');
  if (ids >= ALL_IDS) return 'root';
  return ids > 1 ? 'mapped' : 'single-id';
}

const ALL_IDS = 2 ** 32 - 1;

/** user_namespaces(7), "User and group ID mappings". */
function idCount(path: string): number {
  const lines = readFileSync(path, 'utf8').trim().split('\n');
  return lines.reduce((sum, line) => sum + Number(line.trim().split(/\s+/)[2]), 0);
}

/**
 * The one way for `chroot`: without namespaces, as root.
 * @throws StepError `STEP_SANDBOX_UNAVAILABLE` for ordinary users, and where something of it is missing
 */
export function chrootLaunch(platform: NodeJS.Platform, user: number): HostLaunch {
  const setpriv = platform === 'linux' ? findProgram('setpriv') : undefined;
  refuseWithoutProc(platform);
  if (setpriv === undefined) throw missingPlatform(platform);
  if (user !== 0) throw chrootRefused('only root may use chroot', 'build as root, or leave out --isolation chroot');
  if (loadLibc() === undefined) {
    throw chrootRefused('chroot needs the package koffi', 'install lamella with its optional dependencies');
  }
  return toLaunch('root', [setpriv, '--pdeathsig', 'KILL', ...HOST_COMMAND]);
}

function chrootRefused(reason: string, hint: string): StepError {
  return new StepError('STEP_SANDBOX_UNAVAILABLE', `cannot run commands: ${reason}`, { hint });
}

/** {@link hostLaunches} for an unshare that cannot map subordinate ids: the user namespace begins without any. */
export function withoutMapAuto(launches: readonly HostLaunch[]): HostLaunch[] {
  return launches.map((launch) => (launch.flavor === 'mapped' ? waitingForIds(launch) : launch));
}

/** Taking root's id in the namespace gives rights, which clears the parent-death signal: it is set again after that. */
function waitingForIds({ flavor, program, args }: HostLaunch): HostLaunch {
  const setpriv = findProgram('setpriv');
  const tied = setpriv === undefined ? [] : [setpriv, '--pdeathsig', 'KILL'];
  const before = [program, ...args].slice(0, -HOST_COMMAND.length);
  const unmapped = before.filter((word) => !['--map-root-user', '--map-auto'].includes(word));
  const wait = ['sh', '-c', 'read -r _ && exec "$@"', 'sh', ...tied, ...HOST_COMMAND];
  return { ...toLaunch(flavor, [...unmapped, ...wait]), waitsForIds: true };
}

function toLaunch(flavor: HostFlavor, [program = '', ...args]: readonly string[]): HostLaunch {
  return { flavor, program, args };
}

function missingPlatform(platform: NodeJS.Platform): StepError {
  const what = platform === 'linux' ? 'the program unshare is missing' : 'RUN needs Linux namespaces';
  return new StepError('STEP_SANDBOX_UNAVAILABLE', `cannot run commands on ${platform}: ${what}`, {
    hint: hintOf(findObstacle({ ...readMachine(), platform })),
  });
}

/** What the failed launches wrote, with the reason that this machine most likely has for it. */
export function launchRefused(output: readonly string[]): StepError {
  return new StepError('STEP_SANDBOX_UNAVAILABLE', 'cannot run commands: this machine allows no sandbox', {
    hint: hintOf(findObstacle(readMachine())),
    output,
  });
}

function hintOf(obstacle: Obstacle | undefined): string {
  const { reason, remedies, instead } = obstacle ?? { reason: 'the kernel refuses namespaces', remedies: [] };
  const doctor = '`lamella doctor` tells more, and a Dockerfile without RUN needs nothing';
  const known = [...remedies, ...(instead === undefined ? [] : [instead])];
  const ways =
    known.length === 0
      ? ['build as root, or outside of the container that forbids them (such as bwrap --disable-userns)']
      : known;
  return [`${reason}: ${ways.join(', or ')}`, doctor].join('; ');
}
