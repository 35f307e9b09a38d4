import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { acquireLease, isLeased, tryAcquireLease } from '../../src/io/lease.ts';
import { startLeaseProcess } from '../support/lease-process.ts';
import { tempDir } from '../support/temp-dir.ts';

/** A record as this process writes it, changed. */
function forgeRecord(path: string, change: Readonly<Record<string, unknown>>): void {
  const lease = tryAcquireLease(path);
  const record: unknown = JSON.parse(readFileSync(path, 'utf8'));
  lease?.[Symbol.dispose]();
  writeFileSync(path, JSON.stringify({ ...(record as object), ...change }));
}

describe('tryAcquireLease', () => {
  it('gives the lease to one holder at a time and makes missing folders', () => {
    const path = join(tempDir(), 'made/on/demand/lease');
    const first = tryAcquireLease(path);
    expect(first?.path).toBe(path);
    expect(tryAcquireLease(path)).toBeUndefined();
    expect(isLeased(path)).toBe(true);
    first?.[Symbol.dispose]();
    expect(isLeased(path)).toBe(false);
    expect(tryAcquireLease(path)).toBeDefined();
  });

  it('leaves nothing but the lease in the folder, and nothing when it is given back', () => {
    const dir = tempDir();
    writeFileSync(join(dir, 'lease'), 'damaged');
    const lease = tryAcquireLease(join(dir, 'lease'));
    expect(readdirSync(dir)).toEqual(['lease']);
    lease?.[Symbol.dispose]();
    expect(readdirSync(dir)).toEqual([]);
  });

  it('refuses while another process holds it and takes it over when that process was killed', async () => {
    const path = join(tempDir(), 'lease');
    const other = await startLeaseProcess();
    expect(await other.tryAcquire(path)).toBe(true);
    expect(tryAcquireLease(path)).toBeUndefined();
    await other.kill();
    expect(isLeased(path)).toBe(false);
    expect(tryAcquireLease(path)).toBeDefined();
  });

  it('is held against another process by this one', async () => {
    const path = join(tempDir(), 'lease');
    using _lease = tryAcquireLease(path);
    const other = await startLeaseProcess();
    expect(await other.tryAcquire(path)).toBe(false);
  });

  it('knows that a pid was given to another process', () => {
    const path = join(tempDir(), 'lease');
    forgeRecord(path, { started: '1' });
    expect(isLeased(path)).toBe(false);
    expect(tryAcquireLease(path)).toBeDefined();
  });

  it.each([
    ['another container', { pidNamespace: 'pid:[1]' }],
    ['another machine, or this one before it was started anew', { boot: '00000000-0000-0000-0000-000000000000' }],
  ])('believes an owner in %s for a minute after its last sign of life', (_, change) => {
    const path = join(tempDir(), 'lease');
    // A pid that is free here, and one that somebody else has here.
    for (const pid of [2 ** 30, 1]) {
      forgeRecord(path, { ...change, pid });
      expect(isLeased(path)).toBe(true);
      expect(tryAcquireLease(path)).toBeUndefined();
      utimesSync(path, new Date(Date.now() - 61_000), new Date(Date.now() - 61_000));
      expect(isLeased(path)).toBe(false);
      tryAcquireLease(path)?.[Symbol.dispose]();
      expect(existsSync(path)).toBe(false);
    }
  });

  it('gives a sign of life while it is held', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    // The one interval of a process begins with its first lease.
    vi.resetModules();
    const module = await import('../../src/io/lease.ts');
    try {
      const path = join(tempDir(), 'lease');
      const lease = module.tryAcquireLease(path);
      utimesSync(path, 1, 1);
      vi.advanceTimersByTime(10_000);
      expect(statSync(path).mtimeMs).toBeGreaterThan(1_000_000);
      lease?.[Symbol.dispose]();
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('trusts the pid alone where a record says no more', () => {
    const path = join(tempDir(), 'lease');
    writeFileSync(path, JSON.stringify({ pid: process.pid }));
    expect(tryAcquireLease(path)).toBeUndefined();
    writeFileSync(path, JSON.stringify({ pid: 2 ** 30 }));
    expect(tryAcquireLease(path)).toBeDefined();
  });

  it.each(['', '{', 'null', '[]', '{"pid":"1"}'])('takes over a damaged record: %j', (content) => {
    const path = join(tempDir(), 'lease');
    writeFileSync(path, content);
    expect(isLeased(path)).toBe(false);
    expect(tryAcquireLease(path)).toBeDefined();
  });

  it('takes over although a process died while it was taking over itself', () => {
    const dir = tempDir();
    for (const name of ['lease', 'lease.stale', 'lease.stale.stale']) forgeRecord(join(dir, name), { started: '1' });
    expect(tryAcquireLease(join(dir, 'lease'))).toBeDefined();
    expect(readdirSync(dir)).toEqual(['lease']);
  });

  it('lets only one of many processes take over a stale lease', async () => {
    const dir = tempDir();
    const processes = await Promise.all(Array.from({ length: 6 }, () => startLeaseProcess()));
    for (let round = 0; round < 100; round++) {
      const path = join(dir, String(round));
      forgeRecord(path, { started: '1' });
      const taken = await Promise.all(processes.map((other) => other.tryAcquire(path)));
      expect(taken.filter(Boolean).length, `round ${round}`).toBe(1);
    }
  });

  it('says so instead of waiting for ever when the lease cannot be made or read', () => {
    const dir = tempDir();
    writeFileSync(join(dir, 'file'), '');
    expect(() => tryAcquireLease(join(dir, 'file', 'lease'))).toThrow(expect.objectContaining({ family: 'host' }));
    mkdirSync(join(dir, 'folder'));
    expect(() => tryAcquireLease(join(dir, 'folder'))).toThrow(expect.objectContaining({ family: 'host' }));
  });
});

describe('acquireLease', () => {
  it('waits until the lease is given back', async () => {
    const path = join(tempDir(), 'lease');
    const first = await acquireLease(path);
    let given = false;
    const second = acquireLease(path).then((lease) => {
      expect(given).toBe(true);
      return lease;
    });
    given = true;
    first[Symbol.dispose]();
    (await second)[Symbol.dispose]();
    expect(existsSync(path)).toBe(false);
  });

  it('waits for a process that is killed', async () => {
    const path = join(tempDir(), 'lease');
    const other = await startLeaseProcess();
    await other.tryAcquire(path);
    const [lease] = await Promise.all([acquireLease(path), other.kill()]);
    expect(isLeased(path)).toBe(true);
    lease[Symbol.dispose]();
  });

  it('stops waiting when it is aborted', async () => {
    const path = join(tempDir(), 'lease');
    using _lease = await acquireLease(path);
    await expect(acquireLease(path, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
    const later = new AbortController();
    const waiting = acquireLease(path, later.signal);
    later.abort();
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
  });
});
