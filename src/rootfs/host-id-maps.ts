import { readFileSync, readlinkSync } from 'node:fs';
import { userInfo } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { StepError } from '../core/errors.ts';
import { loadBuiltIn } from '../io/built-ins.ts';
import { findProgram } from '../io/programs.ts';

/** Whether unshare gives subordinate ids itself: util-linux 2.38 and later. */
export function canMapAuto(): boolean {
  try {
    const { execFileSync } = loadBuiltIn('node:child_process');
    return execFileSync(findProgram('unshare') ?? '', ['--help'], { encoding: 'utf8' }).includes('--map-auto');
  } catch {
    return false;
  }
}

const DEADLINE_MS = 10_000;
const POLL_MS = 2;

/**
 * Waits until a process is in a user namespace of its own and gives it this user's id as root, and the user's
 * subordinate ids from 1 on, as `--map-auto` does.
 * @throws StepError `STEP_NO_SUBORDINATE_IDS`
 */
export async function mapSubordinateIds(pid: number): Promise<void> {
  try {
    await enteredUserNamespace(pid);
    const { uid, gid, username } = userInfo();
    await map('newuidmap', [pid, 0, uid, 1, 1, ...subordinateRange('/etc/subuid', username, uid)]);
    await map('newgidmap', [pid, 0, gid, 1, 1, ...subordinateRange('/etc/subgid', username, uid)]);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StepError('STEP_NO_SUBORDINATE_IDS', `cannot map subordinate ids: ${reason}`, { cause });
  }
}

async function enteredUserNamespace(pid: number): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  while (userNamespace(pid) === userNamespace('self')) {
    if (Date.now() > deadline) throw new Error('the process does not enter a user namespace');
    await delay(POLL_MS);
  }
}

function userNamespace(pid: number | 'self'): string {
  return readlinkSync(`/proc/${pid}/ns/user`);
}

async function map(program: string, numbers: readonly number[]): Promise<void> {
  const { execFile } = loadBuiltIn('node:child_process');
  await promisify(execFile)(program, numbers.map(String));
}

/** subuid(5): lines of name or uid, first id and number of ids. */
export function subordinateRange(file: string, username: string, uid: number): readonly [start: number, count: number] {
  const lines = readFileSync(file, 'utf8').split('\n');
  const fields = lines.map((line) => line.split(':')).find(([owner]) => owner === username || owner === String(uid));
  const [, start, count] = fields ?? [];
  if (start === undefined || count === undefined) throw new Error(`no line for ${username} in ${file}`);
  return [Number(start), Number(count)];
}
