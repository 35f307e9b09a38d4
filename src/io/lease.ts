import { randomBytes } from 'node:crypto';
import { linkSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { discardFile } from './atomic-file.ts';
import { processExists, processId } from './host.ts';
import { errnoOf, toHostError } from './host-error.ts';
import { keepFresh } from './lease-heartbeat.ts';
import { makeFolder } from './make-folder.ts';
import { readIfThere } from './read-if-there.ts';

/**
 * A lock that no crash can leave behind: a file that names its owner. It is stale when that process is gone, also when
 * its pid was given to another process. An owner that cannot be seen from here (in another container or on another
 * machine that shares the folder) touches its lease while it holds it: it is gone when it has not for a minute.
 */
export interface Lease extends Disposable {
  readonly path: string;
}

interface Owner {
  readonly pid: number;
  /** Start time of the process in clock ticks since boot; absent where there is no /proc. */
  readonly started?: string;
  readonly boot?: string;
  /** Its PID namespace: elsewhere its pid means another process, or none. */
  readonly pidNamespace?: string;
}

const POLL_MS = 25;
/** Some missed heartbeats: a machine may be that busy. */
const SILENCE_MS = 60_000;

/** Takes the lease if it is free or stale; `undefined` when a living process holds it. Atomic between processes. */
export function tryAcquireLease(path: string): Lease | undefined {
  for (;;) {
    if (createExclusive(path)) return held(path);
    if (isLeased(path) || !removeStale(path)) return undefined;
  }
}

function held(path: string): Lease {
  const letGo = keepFresh(path);
  return {
    path,
    [Symbol.dispose]() {
      letGo();
      rmSync(path, { force: true });
    },
  };
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
  return owner !== 'gone' && owner !== 'damaged' && isAlive(owner, path);
}

function isStale(path: string): boolean {
  const owner = readOwner(path);
  return owner !== 'gone' && (owner === 'damaged' || !isAlive(owner, path));
}

/** The owner's record appears with its content at once: written under another name, then linked. */
function createExclusive(path: string): boolean {
  const temporary = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    makeFolder(dirname(path));
    writeFileSync(temporary, JSON.stringify(currentOwner()), { flag: 'wx' });
    linkSync(temporary, path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw toHostError(error, 'lock', path);
  } finally {
    discardFile(temporary);
  }
}

/**
 * Removes a stale lease, one process at a time: else one could remove the lease that another took a moment before. The
 * guard is a lease as well, so a crash in here blocks nobody. False when another process is at it.
 */
function removeStale(path: string): boolean {
  using guard = tryAcquireLease(`${path}.stale`);
  if (guard === undefined) return false;
  if (isStale(path)) removeFile(path);
  return true;
}

function removeFile(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch (error) {
    throw toHostError(error, 'remove the stale lock', path);
  }
}

/** A file that cannot be read is no sign of a dead owner: that throws. */
function readOwner(path: string): Owner | 'gone' | 'damaged' {
  const text = readIfThere(path)?.toString();
  if (text === undefined) return 'gone';
  try {
    const value: unknown = JSON.parse(text);
    const isOwner = typeof value === 'object' && value !== null && 'pid' in value && typeof value.pid === 'number';
    return isOwner ? (value as Owner) : 'damaged';
  } catch {
    return 'damaged';
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
  const pidNamespace = ownPidNamespace();
  return {
    pid,
    ...(started !== undefined && { started }),
    ...(boot !== undefined && { boot }),
    ...(pidNamespace !== undefined && { pidNamespace }),
  };
}

function isAlive(owner: Owner, path: string): boolean {
  if (!isVisible(owner)) return isFresh(path);
  if (owner.started !== undefined) return startTime(owner.pid) === owner.started;
  return processExists(owner.pid);
}

/** Whether the owner's pid means here what it meant to the owner. */
function isVisible({ boot, pidNamespace }: Owner): boolean {
  if (boot !== undefined && boot !== bootId()) return false;
  return pidNamespace === undefined || pidNamespace === ownPidNamespace();
}

function isFresh(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats !== undefined && Date.now() - stats.mtimeMs < SILENCE_MS;
}

/** Field 22 of proc(5) stat; the command name before it may hold blanks and parentheses. A zombie counts as gone. */
function startTime(pid: number): string | undefined {
  const stat = readIfThere(`/proc/${pid}/stat`)?.toString();
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields?.[0] === 'Z' ? undefined : fields?.[19];
}

function bootId(): string | undefined {
  return readIfThere('/proc/sys/kernel/random/boot_id')?.toString().trim();
}

/** namespaces(7): the link names the kind and the inode. The latter is only unique together with the boot. */
function ownPidNamespace(): string | undefined {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return undefined;
  }
}
