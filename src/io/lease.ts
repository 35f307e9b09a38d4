import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { processExists, processId } from './host.ts';
import { errnoOf, toHostError } from './host-error.ts';

/**
 * A lock that no crash can leave behind: a file that names its owner. It is stale when that process is gone, also when
 * its pid was given to another process or the machine was started anew.
 */
export interface Lease extends Disposable {
  readonly path: string;
}

interface Owner {
  readonly pid: number;
  /** Start time of the process in clock ticks since boot; absent where there is no /proc. */
  readonly started?: string;
  readonly boot?: string;
}

const POLL_MS = 25;

/** Takes the lease if it is free or stale; `undefined` when a living process holds it. Atomic between processes. */
export function tryAcquireLease(path: string): Lease | undefined {
  mkdirSync(dirname(path), { recursive: true });
  for (;;) {
    if (createExclusive(path)) return { path, [Symbol.dispose]: () => rmSync(path, { force: true }) };
    const owner = readOwner(path);
    if (owner === 'gone') continue;
    if (owner !== 'damaged' && isAlive(owner)) return undefined;
    removeStale(path);
  }
}

/** Waits for the lease. Rejects when `signal` aborts. */
export async function acquireLease(path: string, signal?: AbortSignal): Promise<Lease> {
  for (;;) {
    signal?.throwIfAborted();
    const lease = tryAcquireLease(path);
    if (lease !== undefined) return lease;
    await delay(POLL_MS, undefined, signal === undefined ? {} : { signal });
  }
}

/** Whether a living process holds the lease. */
export function isLeased(path: string): boolean {
  const owner = readOwner(path);
  return owner !== 'gone' && owner !== 'damaged' && isAlive(owner);
}

/** The owner's record appears with its content at once: written under another name, then linked. */
function createExclusive(path: string): boolean {
  const temporary = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    writeFileSync(temporary, JSON.stringify(currentOwner()), { flag: 'wx' });
    linkSync(temporary, path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw toHostError(error, 'lock', path);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Two processes may find the same stale lease: the one that moved away a living lease instead puts it back. */
function removeStale(path: string): void {
  const aside = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  try {
    if (isLeased(aside)) linkSync(aside, path);
  } catch {
    // Somebody else holds the lease by now.
  } finally {
    rmSync(aside, { force: true });
  }
}

function readOwner(path: string): Owner | 'gone' | 'damaged' {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof value !== 'object' || value === null || !('pid' in value) || typeof value.pid !== 'number')
      return 'damaged';
    return value as Owner;
  } catch (error) {
    return errnoOf(error) === 'ENOENT' ? 'gone' : 'damaged';
  }
}

let self: Owner | undefined;

function currentOwner(): Owner {
  self ??= describeProcess(processId());
  return self;
}

function describeProcess(pid: number): Owner {
  const started = startTime(pid);
  const boot = bootId();
  return { pid, ...(started !== undefined && { started }), ...(boot !== undefined && { boot }) };
}

function isAlive(owner: Owner): boolean {
  if (owner.boot !== undefined && owner.boot !== bootId()) return false;
  if (owner.started !== undefined) return startTime(owner.pid) === owner.started;
  return processExists(owner.pid);
}

/** Field 22 of proc(5) stat; the command name before it may hold blanks and parentheses. */
function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function bootId(): string | undefined {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return undefined;
  }
}
