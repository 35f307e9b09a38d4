import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { StepError } from '../core/errors.ts';
import { nodeProgram, userId } from '../io/host.ts';
import { findProgram } from '../io/programs.ts';
import type { HostFlavor } from './host-messages.ts';

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
  if (unshare === undefined) throw missingPlatform(platform);
  const setpriv = findProgram('setpriv');
  const flavors: HostFlavor[] = user === 0 ? ['root', 'mapped', 'single-id'] : ['mapped', 'single-id'];
  const tied = setpriv === undefined ? [] : [setpriv, '--pdeathsig', 'KILL'];
  return flavors.map((flavor) => {
    const command = [...tied, unshare, ...USER_NAMESPACES[flavor], ...NAMESPACES, ...HOST_COMMAND];
    return toLaunch(flavor, command);
  });
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
  if (platform === 'linux') {
    return new StepError('STEP_SANDBOX_UNAVAILABLE', 'cannot run commands: the program unshare is missing', {
      hint: 'install util-linux (apt-get install util-linux, apk add util-linux)',
    });
  }
  return new StepError('STEP_SANDBOX_UNAVAILABLE', `cannot run commands on ${platform}: RUN needs Linux namespaces`, {
    hint: 'build on Linux (a virtual machine, WSL 2 or CI), or use a Dockerfile without RUN',
  });
}

/** What the failed launches wrote, with the reason that this machine most likely has for it. */
export function launchRefused(output: readonly string[]): StepError {
  return new StepError('STEP_SANDBOX_UNAVAILABLE', 'cannot run commands: this machine allows no sandbox', {
    hint: likelyReason(),
    output,
  });
}

function likelyReason(): string {
  if (userId() === 0) {
    return 'unshare was refused: in a container, start it with --privileged, or with --cap-add SYS_ADMIN, an unconfined seccomp and AppArmor profile and --security-opt systempaths=unconfined';
  }
  if (readSetting('/proc/sys/user/max_user_namespaces') === '0') {
    return 'user namespaces are off: as root, sysctl -w user.max_user_namespaces=15000';
  }
  if (readSetting('/proc/sys/kernel/unprivileged_userns_clone') === '0') {
    return 'user namespaces are closed to ordinary users: as root, sysctl -w kernel.unprivileged_userns_clone=1';
  }
  if (readSetting('/proc/sys/kernel/apparmor_restrict_unprivileged_userns') === '1') {
    return 'AppArmor restricts user namespaces: as root, sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or give node and unshare a profile with the userns permission';
  }
  if (findProgram('newuidmap') === undefined) {
    return 'install uidmap (newuidmap, newgidmap) and give the user subordinate ids in /etc/subuid and /etc/subgid';
  }
  return 'the kernel or a container runtime refuses user namespaces or a fresh /proc: run as root, or outside of the container';
}

function readSetting(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}
