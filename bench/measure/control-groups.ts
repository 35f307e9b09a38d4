import { execFileSync, spawnSync } from 'node:child_process';
import { accessSync, constants, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Accounting, Group, Usage } from './accounting.ts';

/** Where the kernel keeps what we count, and what it calls it. */
interface Hierarchies {
  readonly version: 1 | 2;
  /** Mount points in which a group is made: of CPU time and of memory; one and the same in version 2. */
  readonly mounts: readonly string[];
  /** Where processes stand: version 2 wants none in a group that has groups below it. */
  readonly leaf: string;
  /** Mounts that stand in the way: crun refuses both versions side by side. */
  readonly hide: readonly string[];
  readonly usage: (folders: readonly string[]) => Usage;
}

/** Accounting by control groups; `undefined` where this process may not make them. */
export function openControlGroups(): Accounting | undefined {
  const hierarchies = versionTwo() ?? versionOne();
  if (hierarchies === undefined || process.getuid?.() !== 0) return undefined;
  const { version } = hierarchies;
  return {
    explanation: `control groups, version ${version}: all processes of a build, its daemons and containers; memory is anonymous memory (no page cache), sampled every 20 ms`,
    // Builds of lamella clear away old empty groups whose names begin with theirs.
    openGroup: (name) => openGroup(hierarchies, `bench-${process.pid}-${name}`),
  };
}

function versionOne(): Hierarchies | undefined {
  const cpu = mountPoint('cgroup', 'cpuacct');
  const memory = mountPoint('cgroup', 'memory');
  if (cpu === undefined || memory === undefined || !isWritable(cpu) || !isWritable(memory)) return undefined;
  const unified = mountPoint('cgroup2');
  const hide = unified === undefined ? [] : [unified];
  return { version: 1, mounts: [cpu, memory], leaf: '', hide, usage: usageOfVersionOne };
}

function versionTwo(): Hierarchies | undefined {
  const mount = mountPoint('cgroup2');
  if (mount === undefined || !isWritable(mount)) return undefined;
  try {
    writeFileSync(join(mount, 'cgroup.subtree_control'), '+memory');
  } catch {
    // Memory belongs to version 1, or we are in a container whose own processes stand in the way.
    return undefined;
  }
  return { version: 2, mounts: [mount], leaf: 'main', hide: [], usage: usageOfVersionTwo };
}

function usageOfVersionOne([cpu = '', memory = '']: readonly string[]): Usage {
  return {
    cpuSeconds: Number(readFileSync(join(cpu, 'cpuacct.usage'), 'utf8')) / 1e9,
    memoryBytes: field(join(memory, 'memory.stat'), 'total_rss'),
  };
}

function usageOfVersionTwo([folder = '']: readonly string[]): Usage {
  return {
    cpuSeconds: field(join(folder, 'cpu.stat'), 'usage_usec') / 1e6,
    memoryBytes: field(join(folder, 'memory.stat'), 'anon'),
  };
}

function field(file: string, name: string): number {
  const line = readFileSync(file, 'utf8')
    .split('\n')
    .find((each) => each.startsWith(`${name} `));
  return Number(line?.slice(name.length + 1) ?? 0);
}

function openGroup({ mounts, leaf, hide, usage }: Hierarchies, name: string): Group {
  const folders = mounts.map((mount) => join(mount, name));
  for (const folder of folders) mkdirSync(join(folder, leaf), { recursive: true });
  const namespace = keepNamespace(folders, name);
  const enterLeaf = folders.map((folder) => `echo $$ > ${join(folder, leaf, 'cgroup.procs')}`).join(' && ');
  const show = mounts.map((mount) => `mount --bind ${join(mount, name)} ${mount}`);
  const inside = [...show, ...hide.map((mount) => `umount ${mount}`)].join(' && ');
  return {
    enter: `${enterLeaf} && exec nsenter --cgroup=${namespace} unshare --mount sh -c '${inside} && exec "$@"' sh "$@"`,
    adopt: () => undefined,
    usage: () => usage(folders),
    close: async () => {
      await closeGroup(folders);
      spawnSync('umount', [namespace]);
      rmSync(namespace, { force: true });
    },
  };
}

/**
 * Groups that container runtimes make by absolute paths must lie in ours to be counted. So what enters sees its group as
 * the root of the hierarchy: in `/proc/self/cgroup` by this namespace, in the file system by a bind mount.
 */
function keepNamespace(folders: readonly string[], name: string): string {
  const file = join(tmpdir(), name);
  writeFileSync(file, '');
  const enter = folders.map((folder) => `echo $$ > ${join(folder, 'cgroup.procs')}`).join(' && ');
  execFileSync('sh', ['-c', `${enter} && exec unshare --cgroup=${file} true`]);
  return file;
}

/** A group can be removed when nothing is in it; what has been killed takes a moment to go. */
async function closeGroup(folders: readonly string[]): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    for (const folder of folders) killAll(folder);
    if (folders.map(removeGroup).every(Boolean)) return;
    await delay(50);
  }
}

function killAll(folder: string): void {
  for (const child of subgroups(folder)) killAll(child);
  for (const pid of read(join(folder, 'cgroup.procs')).split('\n').filter(Boolean)) {
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  }
}

function removeGroup(folder: string): boolean {
  try {
    for (const child of subgroups(folder)) removeGroup(child);
    rmdirSync(folder);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}

function subgroups(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => join(folder, entry.name));
  } catch {
    return [];
  }
}

/** The first mount of a file system type, in version 1 of a hierarchy with that controller. */
function mountPoint(type: string, controller?: string): string | undefined {
  const mounts = read('/proc/self/mounts')
    .split('\n')
    .map((line) => line.split(' '));
  const found = mounts.find(
    ([, , each, options = '']) =>
      each === type && (controller === undefined || options.split(',').includes(controller)),
  );
  return found?.[1];
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
