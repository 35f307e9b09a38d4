import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { ResourceBounds, ResourceLimit } from '../core/sandbox.ts';
import { GROUP_PREFIX, noteControlGroup, removeControlGroup } from '../io/control-group.ts';
import { errnoOf } from '../io/host-error.ts';
import type { RunResult } from '../rootfs/host-messages.ts';
import { type Controller, findGroupParents, type GroupParent } from '../sandbox/control-group-tree.ts';
import type { Cleanup } from './cleanup.ts';

/** Control groups of one command. */
export interface BoundGroups {
  /** A process that writes 0 there is bound, with all that it starts. */
  readonly joinFiles: readonly string[];
  /** Whether the kernel killed a process of the command for want of memory. */
  wasOutOfMemory(result: RunResult): boolean;
}

/**
 * Makes groups that bind a command as a whole; `cleanup` removes them, or whoever removes the workspace after a kill.
 * @throws Error that says why this machine allows none
 */
export function openBoundGroups(
  bounds: ResourceBounds,
  { workspace, cleanup }: { readonly workspace: string; readonly cleanup: Cleanup },
): BoundGroups {
  const groups = findGroupParents(controllersOf(bounds)).map((parent) => {
    const folder = join(parent.folder, `${GROUP_PREFIX}${randomBytes(8).toString('hex')}`);
    noteControlGroup(workspace, folder);
    mkdirSync(folder);
    cleanup.add(() => removeControlGroup(folder));
    setBounds({ ...parent, folder }, bounds);
    return { ...parent, folder };
  });
  return {
    joinFiles: groups.map(({ folder }) => join(folder, 'cgroup.procs')),
    wasOutOfMemory: (result) => groups.some((group) => hasKilled(group, result)),
  };
}

/** What of the bounds limits of single processes can stand for. */
export function limitsInstead({ memoryBytes, pids }: ResourceBounds): ResourceLimit[] {
  const limit = (name: string, value: number | undefined): ResourceLimit[] =>
    value === undefined ? [] : [{ name, soft: value, hard: value }];
  return [...limit('data', memoryBytes), ...limit('nproc', pids)];
}

function controllersOf(bounds: ResourceBounds): Controller[] {
  const { memoryBytes, memorySwapBytes, pids, cpuQuota, cpuPeriod, cpuShares } = bounds;
  const isSet = (...values: readonly (number | undefined)[]): boolean => values.some((value) => value !== undefined);
  return [
    ...(isSet(memoryBytes, memorySwapBytes) ? (['memory'] as const) : []),
    ...(isSet(pids) ? (['pids'] as const) : []),
    ...(isSet(cpuQuota, cpuPeriod, cpuShares) ? (['cpu'] as const) : []),
  ];
}

function setBounds({ folder, version, controllers }: GroupParent, bounds: ResourceBounds): void {
  const values = version === 1 ? firstVersion(bounds) : secondVersion(bounds);
  for (const controller of controllers) {
    for (const [name, value] of values[controller]) setValue(join(folder, `${controller}.${name}`), value);
  }
}

type Values = Readonly<Record<Controller, readonly (readonly [name: string, value: number | string | undefined])[]>>;

/** Written in this order: memory with swap is never less than memory alone. */
function firstVersion(bounds: ResourceBounds): Values {
  const { memoryBytes, pids, cpuQuota, cpuPeriod, cpuShares } = bounds;
  return {
    memory: [
      ['limit_in_bytes', memoryBytes],
      ['memsw.limit_in_bytes', swapOf(bounds)],
    ],
    pids: [['max', pids]],
    cpu: [
      ['cfs_period_us', cpuPeriod],
      ['cfs_quota_us', cpuQuota],
      ['shares', cpuShares],
    ],
  };
}

const DEFAULT_PERIOD = 100_000;

function secondVersion(bounds: ResourceBounds): Values {
  const { memoryBytes, pids, cpuQuota, cpuPeriod, cpuShares } = bounds;
  const both = swapOf(bounds);
  const swap = both === undefined || both === -1 ? undefined : both - (memoryBytes ?? 0);
  const isTimed = cpuQuota !== undefined || cpuPeriod !== undefined;
  return {
    memory: [
      ['max', memoryBytes],
      ['swap.max', swap],
    ],
    pids: [['max', pids]],
    cpu: [
      ['max', isTimed ? `${cpuQuota ?? 'max'} ${cpuPeriod ?? DEFAULT_PERIOD}` : undefined],
      // Shares of 2 to 262144 are weights of 1 to 10000, as OCI runtimes convert them.
      ['weight', cpuShares === undefined ? undefined : 1 + Math.floor(((cpuShares - 2) * 9999) / 262_142)],
    ],
  };
}

/** Memory and swap together, as docker has it: twice the memory where nothing else is said. */
function swapOf({ memoryBytes, memorySwapBytes }: ResourceBounds): number | undefined {
  return memorySwapBytes ?? (memoryBytes === undefined ? undefined : 2 * memoryBytes);
}

function setValue(path: string, value: number | string | undefined): void {
  if (value === undefined) return;
  try {
    writeFileSync(path, String(value));
  } catch (error) {
    // A kernel without accounting of swap has no such file: then there is nothing to limit.
    if (!/swap|memsw/.test(path) || errnoOf(error) !== 'ENOENT') throw error;
  }
}

const KILLED = 128 + constants.signals.SIGKILL;

/**
 * Version 1 counts the killed in their own group only, and runc makes one below ours, which is gone: there a command that
 * was killed after it had reached the limit is taken for one of them.
 */
function hasKilled({ folder, version }: GroupParent, { method, exitCode }: RunResult): boolean {
  const killed = readNumber(join(folder, version === 1 ? 'memory.oom_control' : 'memory.events'), /^oom_kill (\d+)$/m);
  if (killed > 0 || version === 2 || method !== 'runc' || exitCode !== KILLED) return killed > 0;
  const number = (name: string): number => readNumber(join(folder, `memory.${name}`), /(\d+)/);
  const most = number('max_usage_in_bytes');
  return most > 0 && most >= number('limit_in_bytes');
}

function readNumber(path: string, pattern: RegExp): number {
  try {
    return Number(pattern.exec(readFileSync(path, 'utf8'))?.[1] ?? 0);
  } catch {
    // Another controller's group has no such file.
    return 0;
  }
}
