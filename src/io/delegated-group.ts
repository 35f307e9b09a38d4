import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { loadBuiltIn } from './built-ins.ts';
import { GROUP_PREFIX } from './control-group.ts';
import { processId } from './host.ts';
import { errnoOf } from './host-error.ts';
import { loadLibc } from './libc/libc.ts';
import { readOwnGroups } from './own-control-groups.ts';
import { findProgram } from './programs.ts';

/** Processes may start others while they are moved. */
const ROUNDS = 3;

/**
 * A control group of version 2 that holds processes can have no limited groups. Where systemd left the group of this process
 * to those who run in it (`Delegate=yes`), and nobody else runs there, they move into a group of their own below it: beside
 * that one there can be groups with limits, inside of the unit and its own limits. Elsewhere nothing is changed; never fails.
 */
export function makeRoomForGroups(): void {
  try {
    const own = readOwnGroups();
    const [unified] = own.filter(({ version }) => version === 2);
    if (unified === undefined || own.length > 1 || !isDelegated(unified.folder)) return;
    moveProcessesBelow(unified.folder);
  } catch {
    // Then limits are kept in another way, which is said.
  }
}

/**
 * By the mark of systemd 251 and later (systemd.resource-control(5), "Delegate="). The manager of a user sets none, and is
 * asked instead.
 */
function isDelegated(folder: string): boolean {
  if (loadLibc()?.readAttribute(folder, 'user.delegate')?.toString() === '1') return true;
  const systemctl = folder.includes('/user@') ? findProgram('systemctl') : undefined;
  if (systemctl === undefined) return false;
  const question = ['--user', 'show', '--property=Delegate', '--value', '--', basename(folder)];
  const { stdout } = loadBuiltIn('node:child_process').spawnSync(systemctl, question, {
    encoding: 'utf8',
    timeout: ANSWER_MS,
  });
  return stdout?.trim() === 'yes';
}

const ANSWER_MS = 5000;

/**
 * False where others run than this process, those that started it and those that it started. Nothing is moved then, but for
 * what had been moved when others came.
 */
export function moveProcessesBelow(folder: string): boolean {
  const self = processId();
  const isRelated = (pid: number): boolean => lineOf(self).includes(pid) || lineOf(pid).includes(self);
  const file = join(folder, `${GROUP_PREFIX}processes`, 'cgroup.procs');
  for (let round = 0; round < ROUNDS; round++) {
    const pids = readFileSync(join(folder, 'cgroup.procs'), 'utf8').trim().split('\n').filter(Boolean).map(Number);
    if (!pids.every(isRelated)) return false;
    if (pids.length > 0) mkdirSync(join(file, '..'), { recursive: true });
    for (const pid of pids) move(pid, file);
  }
  return true;
}

/** One that has ended meanwhile is in nobody's way. */
function move(pid: number, file: string): void {
  try {
    writeFileSync(file, String(pid), { flag: 'a' });
  } catch (error) {
    if (errnoOf(error) !== 'ESRCH') throw error;
  }
}

/** A process and those that it descends from, the nearest first (proc_pid_stat(5)). */
function lineOf(pid: number): readonly number[] {
  const line: number[] = [];
  for (let at = pid; at > 0; at = parentOf(at)) line.push(at);
  return line;
}

function parentOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? 0);
  } catch {
    return 0;
  }
}
