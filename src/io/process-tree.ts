import { readdirSync, readFileSync } from 'node:fs';
import { signalProcess } from './host.ts';

/**
 * Kills a process that leads its own process group, with everything that descends from it. Its group is stopped first,
 * so that nothing is started while its descendants (which may have left the group) are looked up.
 */
export function killProcessTree(leader: number): void {
  signalProcess(-leader, 'SIGSTOP');
  for (const descendant of descendantsOf(leader)) signalProcess(descendant, 'SIGKILL');
  signalProcess(-leader, 'SIGKILL');
}

/** Every process that descends from one, zombies included. */
export function descendantsOf(ancestor: number): number[] {
  const parents = readParents();
  const found: number[] = [];
  const pending = [ancestor];
  for (let parent = pending.pop(); parent !== undefined; parent = pending.pop()) {
    const children = [...parents].filter(([, of]) => of === parent).map(([child]) => child);
    found.push(...children);
    pending.push(...children);
  }
  return found;
}

/** Parent of every process, from field 4 of proc(5) stat. */
function readParents(): Map<number, number> {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const parent = readParent(name);
    if (parent !== undefined) parents.set(Number(name), parent);
  }
  return parents;
}

function readParent(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}
