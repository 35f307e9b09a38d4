import { existsSync, readFileSync, statSync } from 'node:fs';
import { platform } from 'node:os';
import { join } from 'node:path';
import { environment, userId, userName } from '../io/host.ts';
import { findProgram } from '../io/programs.ts';
import { subordinateRange } from './host-id-maps.ts';

export type ContainerKind = 'docker' | 'podman' | 'buildah' | 'kubernetes' | 'other';
export type RunnerKind = 'github' | 'gitlab';

/** What of a machine decides whether commands can be isolated there. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  /** Identifiers of the distribution and of those that it derives from (os-release(5)). */
  readonly distributions: readonly string[];
  readonly isRoot: boolean;
  readonly userName: string;
  /** The container around this process, if it shows. */
  readonly container: ContainerKind | undefined;
  readonly runner: RunnerKind | undefined;
  /** Whether CAP_SYS_ADMIN is in effect. */
  readonly canAdminister: boolean;
  /** Whether CAP_NET_ADMIN is in effect. */
  readonly canAdministerNetwork: boolean;
  /** Whether CAP_MKNOD and CAP_SYS_CHROOT are in effect, which is all that `chroot` takes. */
  readonly canChroot: boolean;
  /** Whether root here is root of a user namespace, and of nothing else. */
  readonly isInUserNamespace: boolean;
  /** Without it nothing tells what this process may do. */
  readonly hasProc: boolean;
  readonly hasSeccompFilter: boolean;
  readonly hasNoNewPrivileges: boolean;
  /** Whether something is mounted over parts of /proc, which forbids a user namespace a /proc of its own. */
  readonly hasMaskedProc: boolean;
  /** False where a sysctl keeps ordinary users from making user namespaces. */
  readonly allowsUserNamespaces: boolean;
  readonly hasUserNamespaces: boolean;
  readonly appArmorRestrictsUserNamespaces: boolean;
  readonly hasUnshare: boolean;
  readonly hasNewIdMap: boolean;
  /**
   * Whether newuidmap has its rights by being setuid root, and root has no CAP_SYS_ADMIN: then it may not map ids of others
   * (user_namespaces(7)), but could by a capability of its file.
   */
  readonly isNewIdMapPowerless: boolean;
  readonly hasSubordinateIds: boolean;
}

const NET_ADMIN = 12n;
const SYS_CHROOT = 18n;
const SYS_ADMIN = 21n;
const MKNOD = 27n;

export function readMachine(): Machine {
  const status = readText('/proc/self/status');
  const user = userName();
  return {
    platform: platform(),
    distributions: readDistributions(),
    isRoot: userId() === 0,
    userName: user,
    ...detectPlace(MARKS),
    canAdminister: hasCapabilities(status, 'CapEff', SYS_ADMIN),
    canAdministerNetwork: hasCapabilities(status, 'CapEff', NET_ADMIN),
    canChroot: hasCapabilities(status, 'CapEff', MKNOD, SYS_CHROOT),
    isInUserNamespace: isUserNamespace(readText('/proc/self/uid_map')),
    hasProc: status !== '',
    hasSeccompFilter: statusField(status, 'Seccomp') === '2',
    hasNoNewPrivileges: statusField(status, 'NoNewPrivs') === '1',
    hasMaskedProc: / \/proc\/\S+ /.test(readText('/proc/self/mountinfo')),
    hasUserNamespaces: readSetting('user/max_user_namespaces') !== '0',
    allowsUserNamespaces: readSetting('kernel/unprivileged_userns_clone') !== '0',
    appArmorRestrictsUserNamespaces: readSetting('kernel/apparmor_restrict_unprivileged_userns') === '1',
    hasUnshare: findProgram('unshare') !== undefined,
    hasNewIdMap: findProgram('newuidmap') !== undefined && findProgram('newgidmap') !== undefined,
    isNewIdMapPowerless: !hasCapabilities(status, 'CapBnd', SYS_ADMIN) && isSetuid(findProgram('newuidmap')),
    hasSubordinateIds: ['/etc/subuid', '/etc/subgid'].every((file) => hasRange(file, user)),
  };
}

function hasCapabilities(status: string, set: 'CapEff' | 'CapBnd', ...numbers: readonly bigint[]): boolean {
  const held = BigInt(`0x${statusField(status, set)}`);
  return numbers.every((number) => ((held >> number) & 1n) === 1n);
}

/** user_namespaces(7), "User and group ID mappings": the first namespace maps every id to itself. */
function isUserNamespace(map: string): boolean {
  return map !== '' && !/^\s*0\s+0\s+4294967295\s*$/.test(map);
}

const SETUID = 0o4000;

function isSetuid(program: string | undefined): boolean {
  return program !== undefined && (statSync(program).mode & SETUID) !== 0;
}

function readDistributions(): string[] {
  const text = readText('/etc/os-release');
  const fields = ['ID', 'ID_LIKE'].map((name) => new RegExp(`^${name}="?([^"\n]*)`, 'm').exec(text)?.[1] ?? '');
  return fields.flatMap((field) => field.split(' ')).filter((name) => name !== '');
}

/** By what a container or a runner shows itself to what runs in it. */
export interface PlaceMarks {
  readonly environment: (name: string) => string | undefined;
  /** Of a file, '' if it is not there or empty. */
  readonly text: (path: string) => string;
  readonly exists: (path: string) => boolean;
}

const MARKS: PlaceMarks = { environment, text: readText, exists: existsSync };

/** Variables that tell a place: the sandbox host, which has no others of the user's, needs them for its hints. */
export function placeVariables(): Record<string, string> {
  const names = ['KUBERNETES_SERVICE_HOST', 'container', 'GITHUB_ACTIONS', 'GITLAB_CI'];
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = environment(name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

export function detectPlace(marks: PlaceMarks): Pick<Machine, 'container' | 'runner'> {
  return { container: containerKind(marks), runner: runnerKind(marks) };
}

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
const CONTAINER_ENV = '/run/.containerenv';

/**
 * A pod's container is made by one of the others. Images may bring the file of docker along, or that of podman, empty;
 * podman says its name as well.
 */
function containerKind({ environment, text, exists }: PlaceMarks): ContainerKind | undefined {
  if (environment('KUBERNETES_SERVICE_HOST') !== undefined || exists(SERVICE_ACCOUNT)) return 'kubernetes';
  const [, engine] = /^engine="(buildah|podman)/m.exec(text(CONTAINER_ENV)) ?? [];
  if (engine !== undefined) return engine as 'buildah' | 'podman';
  if (environment('container') === 'podman') return 'podman';
  if (exists('/.dockerenv')) return 'docker';
  if (exists(CONTAINER_ENV)) return 'podman';
  return environment('container') === undefined ? undefined : 'other';
}

function runnerKind({ environment }: PlaceMarks): RunnerKind | undefined {
  if (environment('GITHUB_ACTIONS') === 'true') return 'github';
  return environment('GITLAB_CI') === 'true' ? 'gitlab' : undefined;
}

function statusField(status: string, name: string): string {
  return new RegExp(`^${name}:\\s*(\\w+)$`, 'm').exec(status)?.[1] ?? '0';
}

function hasRange(file: string, user: string): boolean {
  try {
    return subordinateRange(file, user, userId())[1] > 0;
  } catch {
    return false;
  }
}

function readSetting(name: string): string {
  return readText(join('/proc/sys', name)).trim();
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
