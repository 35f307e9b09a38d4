import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describeProcess, isRunning } from './process.mjs';

/** Everything of this user's test host lies here; what is expensive to make stays between runs. */
export const HOME = join(tmpdir(), `lamella-test-host-${userInfo().uid}`);

const STATE = join(HOME, 'state.json');
const LOCK = join(HOME, 'lock');

/** `registry` and `docker` (services), `user`, `holders` (processes that need them), `kept` (started by hand). */
export function readState() {
  try {
    return JSON.parse(readFileSync(STATE, 'utf8'));
  } catch {
    return { holders: [], kept: false };
  }
}

export function writeState(state) {
  writeFileSync(`${STATE}.new`, `${JSON.stringify(state, null, 2)}\n`);
  renameSync(`${STATE}.new`, STATE);
}

export function removeState() {
  rmSync(STATE, { force: true });
}

export function livingHolders(state) {
  return state.holders.filter(isRunning);
}

export function addHolder(state, pid) {
  const others = livingHolders(state).filter((holder) => holder.pid !== pid);
  if (pid === undefined) return { holders: others, kept: true };
  return { holders: [...others, describeProcess(pid)], kept: state.kept };
}

/** One `up` or `down` at a time; a lock of a process that is gone does not count. */
export async function withLock(action) {
  mkdirSync(HOME, { recursive: true, mode: 0o755 });
  while (!takeLock()) await delay(100);
  try {
    await action();
  } finally {
    rmSync(LOCK, { force: true });
  }
}

function takeLock() {
  try {
    writeFileSync(LOCK, JSON.stringify(describeProcess(process.pid)), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    if (isStale()) rmSync(LOCK, { force: true });
    return false;
  }
}

function isStale() {
  try {
    const text = readFileSync(LOCK, 'utf8');
    return text !== '' && !isRunning(JSON.parse(text));
  } catch {
    return false;
  }
}
