import type { Ingredient } from '../../cache/frame.ts';
import type { ChainId } from '../../core/digest.ts';
import { formatPlatform, type Platform } from '../../core/platform.ts';
import type { RunMount, RunStep } from '../../plan/step.ts';
import type { RunRequest } from '../../rootfs/host-messages.ts';

/** Kind of step, with the version of what its ingredients mean. */
export const RUN_RECIPE = 'run 1';

export interface RunSurroundings extends Partial<Restrictions> {
  /** `undefined` for a stage without layers. */
  readonly parent: ChainId | undefined;
  readonly platform: Platform;
  readonly times: Ingredient;
  readonly hosts: readonly { readonly name: string }[];
}

/** What the build forbids its commands, beyond what a step says. */
export type Restrictions = Required<Pick<RunRequest, 'noNewPrivileges' | 'limits'>>;

/**
 * What the result of a command depends on, but for its mounts. Proxies, secrets and the addresses of hosts do not count
 * (reference, section 16). Pure.
 */
export function runIngredients(step: RunStep, surroundings: RunSurroundings): Ingredient[] {
  const { parent, platform, times, hosts } = surroundings;
  const { argv, script, env, cwd, user, hostname, network, security } = step;
  return [
    { name: 'parent', value: parent ?? 'scratch' },
    { name: 'platform', value: formatPlatform(platform) },
    times,
    { name: 'argv', value: argv },
    { name: 'script', value: script === undefined ? [] : [script.name, script.content] },
    { name: 'env', value: env },
    { name: 'cwd', value: cwd },
    { name: 'user', value: user },
    { name: 'hostname', value: hostname },
    { name: 'network', value: network },
    { name: 'security', value: security },
    { name: 'hosts', value: hosts.map(({ name }) => name) },
    ...restrictionIngredients(surroundings),
  ];
}

/** Absent where nothing is restricted, so that keys of such builds stay what they were. */
function restrictionIngredients({ noNewPrivileges = false, limits = [] }: Partial<Restrictions>): Ingredient[] {
  return [
    ...(noNewPrivileges ? [{ name: 'no new privileges', value: 'true' }] : []),
    ...(limits.length === 0
      ? []
      : [{ name: 'limits', value: limits.map(({ name, soft, hard }) => `${name}=${soft}:${hard}`) }]),
  ];
}

/**
 * What a command sees of a mount. `content` is the digest of the files that it shows or begins with: the text of the path
 * that leads to them does not count, nor does a secret's content, nor how a cache is shared. Pure.
 */
export function mountIngredient(mount: RunMount, content = ''): Ingredient {
  return { name: `mount ${mount.type}`, value: mountFields(mount, content) };
}

function mountFields(mount: RunMount, content: string): string[] {
  switch (mount.type) {
    case 'bind':
      return [mount.target, accessOf(mount), content];
    case 'cache':
      return [mount.id, mount.target, accessOf(mount), ...ownershipOf(mount), content];
    case 'tmpfs':
      return [mount.target, String(mount.sizeBytes ?? '')];
    case 'secret':
      return [mount.id, mount.target ?? '', mount.env ?? '', ...ownershipOf(mount), String(mount.required)];
    case 'ssh':
      return [mount.id, mount.target, ...ownershipOf(mount), String(mount.required)];
  }
}

function accessOf({ readOnly }: { readonly readOnly: boolean }): string {
  return readOnly ? 'ro' : 'rw';
}

interface Ownership {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

function ownershipOf({ mode, uid, gid }: Ownership): string[] {
  return [mode.toString(8), String(uid), String(gid)];
}
