import { readdirSync, readFileSync } from 'node:fs';
import type { Accounting, Group, Usage } from './accounting.ts';

/** Clock ticks in a second and bytes in a page, as Linux has them on all that Node runs on but a few 64 KiB machines. */
const TICKS = 100;
const PAGE = 4096;

/** What proc(5) stat says of a process. */
export interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  /** CPU seconds of its own and of the children that it has waited for. */
  readonly cpuSeconds: number;
  readonly memoryBytes: number;
}

/** For machines without control groups of ours: it misses what leaves the tree, and counts shared pages more than once. */
export const processTreeAccounting: Accounting = {
  explanation:
    'the process tree in /proc, sampled every 20 ms: processes that leave the tree of their build are missed, memory is the sum of resident sets',
  openGroup: createGroup,
};

function createGroup(): Group {
  const roots = new Set<number>();
  return {
    enter: 'exec "$@"',
    adopt: (pid) => roots.add(pid),
    usage: () => sumOfTrees(readProcesses(), roots),
    close: async () => killTrees(roots),
  };
}

/** Sums the trees below `roots`; a root that has gone counts as nothing. */
export function sumOfTrees(processes: readonly ProcessStat[], roots: ReadonlySet<number>): Usage {
  const tree = treeOf(processes, roots);
  const members = processes.filter(({ pid }) => tree.has(pid));
  return {
    cpuSeconds: members.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
    memoryBytes: members.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0),
  };
}

function treeOf(processes: readonly ProcessStat[], roots: ReadonlySet<number>): Set<number> {
  const tree = new Set(roots);
  for (let size = -1; size !== tree.size; ) {
    size = tree.size;
    for (const { pid, parent } of processes) if (tree.has(parent)) tree.add(pid);
  }
  return tree;
}

/** Reads a line of `/proc/PID/stat`; the name in parentheses may hold anything, parentheses too. */
export function parseStat(line: string): ProcessStat {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  // Numbers are those of proc(5), which counts the pid as 1; the fields after the name begin with 3.
  const at = (number: number): number => Number(fields[number - 3]);
  return {
    pid: Number.parseInt(line, 10),
    parent: at(4),
    cpuSeconds: (at(14) + at(15) + at(16) + at(17)) / TICKS,
    memoryBytes: at(24) * PAGE,
  };
}

function readProcesses(): ProcessStat[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'))];
      } catch {
        return [];
      }
    });
}

function killTrees(roots: ReadonlySet<number>): void {
  const alive = readProcesses();
  const tree = treeOf(alive, roots);
  for (const { pid } of alive.filter((each) => tree.has(each.pid))) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  }
}
