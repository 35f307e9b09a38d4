import { existsSync, readFileSync } from 'node:fs';
import { platform } from 'node:os';
import { join } from 'node:path';
import { environment, userId, userName } from '../io/host.ts';
import { findProgram } from '../io/programs.ts';
import { subordinateRange } from './host-id-maps.ts';

export type ContainerKind = 'docker' | 'podman' | 'kubernetes' | 'other';

/** What of a machine decides whether commands can be isolated there. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  /** Identifiers of the distribution and of those that it derives from (os-release(5)). */
  readonly distributions: readonly string[];
  readonly isRoot: boolean;
  readonly userName: string;
  /** The container around this process, if it shows. */
  readonly container: ContainerKind | undefined;
  readonly runner: 'github' | 'gitlab' | undefined;
  /** Whether CAP_SYS_ADMIN is in effect. */
  readonly canAdminister: boolean;
  /** Whether CAP_MKNOD and CAP_SYS_CHROOT are in effect, which is all that `chroot` takes. */
  readonly canChroot: boolean;
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
  readonly hasSubordinateIds: boolean;
}

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
    container: containerKind(),
    runner: runnerKind(),
    canAdminister: hasCapabilities(status, SYS_ADMIN),
    canChroot: hasCapabilities(status, MKNOD, SYS_CHROOT),
    hasSeccompFilter: statusField(status, 'Seccomp') === '2',
    hasNoNewPrivileges: statusField(status, 'NoNewPrivs') === '1',
    hasMaskedProc: / \/proc\/\S+ /.test(readText('/proc/self/mountinfo')),
    hasUserNamespaces: readSetting('user/max_user_namespaces') !== '0',
    allowsUserNamespaces: readSetting('kernel/unprivileged_userns_clone') !== '0',
    appArmorRestrictsUserNamespaces: readSetting('kernel/apparmor_restrict_unprivileged_userns') === '1',
    hasUnshare: findProgram('unshare') !== undefined,
    hasNewIdMap: findProgram('newuidmap') !== undefined && findProgram('newgidmap') !== undefined,
    hasSubordinateIds: ['/etc/subuid', '/etc/subgid'].every((file) => hasRange(file, user)),
  };
}

function hasCapabilities(status: string, ...numbers: readonly bigint[]): boolean {
  const effective = BigInt(`0x${statusField(status, 'CapEff')}`);
  return numbers.every((number) => ((effective >> number) & 1n) === 1n);
}

function readDistributions(): string[] {
  const text = readText('/etc/os-release');
  const fields = ['ID', 'ID_LIKE'].map((name) => new RegExp(`^${name}="?([^"\n]*)`, 'm').exec(text)?.[1] ?? '');
  return fields.flatMap((field) => field.split(' ')).filter((name) => name !== '');
}

function containerKind(): ContainerKind | undefined {
  if (environment('KUBERNETES_SERVICE_HOST') !== undefined) return 'kubernetes';
  if (existsSync('/.dockerenv')) return 'docker';
  if (existsSync('/run/.containerenv')) return 'podman';
  return environment('container') === undefined ? undefined : 'other';
}

function runnerKind(): 'github' | 'gitlab' | undefined {
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
