import { accessSync, constants, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type OwnGroup, readOwnGroups } from '../io/own-control-groups.ts';

/** Limits by their controllers in the kernel (Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/). */
export type Controller = 'memory' | 'pids' | 'cpu';

/** A folder of the control group file system in which groups can be made, and the controllers that limit them there. */
export interface GroupParent {
  readonly folder: string;
  readonly version: 1 | 2;
  readonly controllers: readonly Controller[];
}

/**
 * Where this process may make groups for controllers: below its own group in each hierarchy of version 1. In version 2 a
 * group with processes cannot have limited groups: there it is the nearest ancestor that can, as long as what is passed by has no limit.
 * @throws Error that says why there is no such place
 */
export function findGroupParents(controllers: readonly Controller[]): GroupParent[] {
  const own = readOwnGroups();
  const places = controllers.map((controller): GroupParent => {
    const first = own.find(({ names }) => names.includes(controller));
    if (first !== undefined) return { folder: writable(first.folder), version: 1, controllers: [controller] };
    const unified = own.find(({ version }) => version === 2);
    if (unified === undefined) throw new Error(`no control groups for ${controller} are mounted`);
    return { folder: unifiedParent(unified, controllers), version: 2, controllers };
  });
  return places.filter(({ folder }, index) => places.findIndex((place) => place.folder === folder) === index);
}

/** The groups of this process, one in each hierarchy. */
export function ownGroupFolders(): string[] {
  return readOwnGroups().map(({ folder }) => folder);
}

function writable(folder: string): string {
  try {
    accessSync(folder, constants.W_OK);
    return folder;
  } catch {
    throw new Error(`${folder} may not be written`);
  }
}

function unifiedParent({ folder, top }: OwnGroup, controllers: readonly Controller[]): string {
  for (let at = folder; ; at = dirname(at)) {
    if (givesLimits(at, controllers)) return at;
    const limited = controllers.find((controller) => hasLimit(at, controller));
    if (at === top || limited !== undefined) {
      const why = limited === undefined ? '' : `, and ${at} has a limit of its own`;
      throw new Error(`the control group ${folder} may not have groups with limits${why}`);
    }
  }
}

/** Whether groups that a process can join may have limits below a group of version 2; it is made so where that is allowed. */
export function givesLimits(folder: string, controllers: readonly Controller[]): boolean {
  const file = join(folder, 'cgroup.subtree_control');
  try {
    accessSync(folder, constants.W_OK);
    if (holdsProcesses(folder)) return false;
    const given = readFileSync(file, 'utf8').trim().split(' ');
    const missing = controllers.filter((controller) => !given.includes(controller));
    if (missing.length > 0) writeFileSync(file, missing.map((controller) => `+${controller}`).join(' '));
    return true;
  } catch {
    return false;
  }
}

/**
 * Whether a group has processes of its own, and is not the root of all, which alone has no type (Documentation/admin-guide/
 * cgroup-v2.rst, "No Internal Process Constraint"). The kernel refuses limits of memory below it, but allows those of pids
 * and cpu, for groups of threads: no process can join one of these.
 */
function holdsProcesses(folder: string): boolean {
  return existsSync(join(folder, 'cgroup.type')) && readFileSync(join(folder, 'cgroup.procs'), 'utf8') !== '';
}

const LIMIT_FILES: Readonly<Record<Controller, string>> = { memory: 'memory.max', pids: 'pids.max', cpu: 'cpu.max' };

function hasLimit(folder: string, controller: Controller): boolean {
  try {
    return !readFileSync(join(folder, LIMIT_FILES[controller]), 'utf8').startsWith('max');
  } catch {
    // The top has none.
    return false;
  }
}
