import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { launchSandboxHost } from '../../src/rootfs/sandbox-host.ts';
import { processesWith } from '../contract/sandbox.ts';
import { run } from '../support/host.ts';
import { findOrdinaryUser } from '../support/ordinary-user.ts';
import { hasStaticBusybox, openBox, requestFor, runIn } from '../support/sandbox-box.ts';
import { type SandboxUser, sandboxUsers } from '../support/sandbox-user.ts';
import { tempDir } from '../support/temp-dir.ts';

const MAIN = join(import.meta.dirname, '../support/sandbox-client-main.ts');
const IDS_MAIN = join(import.meta.dirname, '../support/sandbox-ids-main.ts');

describe.skipIf(!hasStaticBusybox()).each(sandboxUsers())('the sandbox host of $title', (user) => {
  it('dies with the build, and all that it started with it', async () => {
    const mark = String(8_000_000 + process.pid);
    const build = spawn(process.execPath, [MAIN, user.title, mark], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    for await (const chunk of build.stdout) {
      output += chunk;
      if (output.includes('running')) break;
    }
    const [dir = ''] = output.split('\n');
    expect(processesWith(mark).length).toBeGreaterThan(0);
    build.kill('SIGKILL');
    await once(build, 'close');
    await eventually(() => processesWith(mark).length === 0);
    expect(mountsOf(dir)).toEqual([]);
    await reclaim(user, dir);
  });

  it('tells of its end to those who wait for an answer, and to all who ask later', async () => {
    const box = await openBox(user, 'auto');
    const snapshot = await box.open();
    const mark = String(9_000_000 + process.pid);
    const run = snapshot.run(requestFor(`echo on; sleep ${mark}`), async () => {
      await eventually(() => hostProcessOf(mark) !== undefined);
      process.kill(Number(hostProcessOf(mark)), 'SIGKILL');
    });
    await expect(run).rejects.toMatchObject({ code: 'STEP_SANDBOX_LOST', hint: expect.any(String) });
    await expect(snapshot.changes()).rejects.toMatchObject({ code: 'STEP_SANDBOX_LOST' });
    await eventually(() => processesWith(mark).length === 0);
    await snapshot[Symbol.asyncDispose]();
    await box[Symbol.asyncDispose]();
  });

  it('ends the command when nobody takes its output any more', async () => {
    const box = await openBox(user, 'auto');
    const snapshot = await box.open();
    const run = snapshot.run(requestFor('yes'), () => {
      throw new RangeError('enough');
    });
    await expect(run).rejects.toThrow('enough');
    expect(await runIn(snapshot, 'echo on')).toMatchObject({ stdout: 'on\n' });
    await box[Symbol.asyncDispose]();
  });

  it('ends what is still running when it is disposed', async () => {
    const mark = String(6_000_000 + process.pid);
    const box = await openBox(user, 'auto');
    const snapshot = await box.open();
    const begun = Promise.withResolvers<void>();
    const run = snapshot.run(requestFor(`echo on; sleep ${mark}`), () => begun.resolve());
    const rejected = expect(run).rejects.toMatchObject({ code: 'STEP_ABORTED' });
    await begun.promise;
    await box[Symbol.asyncDispose]();
    await rejected;
    expect(processesWith(mark)).toEqual([]);
  });

  it('runs commands side by side', async () => {
    const box = await openBox(user, 'auto');
    const [first, second] = await Promise.all([box.open(), box.open()]);
    // Each waits for the other.
    const mounts = [
      {
        kind: 'cache',
        source: join(box.dir, 'tmp', 'meet'),
        target: '/meet',
        readOnly: false,
        mode: 0o755,
        uid: 0,
        gid: 0,
      },
    ] as const;
    const meet = (mine: string, other: string) =>
      `touch /meet/${mine}; until test -e /meet/${other}; do sleep 0.01; done; echo met`;
    const outcomes = await Promise.all([
      runIn(first, meet('a', 'b'), { mounts }),
      runIn(second, meet('b', 'a'), { mounts }),
    ]);
    expect(outcomes.map(({ stdout }) => stdout)).toEqual(['met\n', 'met\n']);
    await box[Symbol.asyncDispose]();
  });

  it('refuses an id that its user may not take, saying how to get more', async () => {
    if (user.uid === 0) return;
    const box = await openBox(user, 'auto');
    const snapshot = await box.open();
    const run = runIn(snapshot, 'true', { identity: { uid: 4_000_000, gid: 0, supplementaryGids: [] } });
    await expect(run).rejects.toMatchObject({
      code: 'STEP_ID_NOT_MAPPED',
      hint: expect.stringContaining('/etc/subuid'),
    });
    await box[Symbol.asyncDispose]();
  });

  it('maps subordinate ids itself for an unshare that cannot', async () => {
    if (user.uid === 0) return;
    const command = [process.execPath, IDS_MAIN];
    const [program, ...args] =
      process.getuid?.() === 0 ? (findOrdinaryUser()?.commandLine(command) ?? command) : command;
    expect(await run(program ?? '', ...args)).toBe('mapped\n1000\n1001 7\n');
  });

  it('works with a single id where there are no others, as root only', async () => {
    const [single] = user.launches.filter(({ flavor }) => flavor === 'single-id');
    if (single === undefined) return;
    const box = await openBox({ ...user, launches: [single] }, 'auto');
    expect(box.host.flavor).toBe('single-id');
    const snapshot = await box.open(await box.layer([{ ...PLAIN_FILE, uid: 7 }]));
    expect(await runIn(snapshot, 'id -u; stat -c %u /f; echo x >/g')).toMatchObject({ exitCode: 0, stdout: '0\n0\n' });
    await box[Symbol.asyncDispose]();
  });

  it('says what is missing when it cannot start', async () => {
    const launches = [{ flavor: 'root', program: 'sh', args: ['-c', 'echo unshare: no >&2; exit 1'] }] as const;
    const options = { stateDir: '/nonexistent', tempDir: '/nonexistent', isolation: 'auto' } as const;
    await expect(launchSandboxHost(launches, options)).rejects.toMatchObject({
      code: 'STEP_SANDBOX_UNAVAILABLE',
      hint: expect.any(String),
      output: ['unshare: no'],
    });
  });
});

const PLAIN_FILE = { path: 'f', type: 'file', mode: 0o644, gid: 0, mtime: 0, size: 0 } as const;

async function eventually(check: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!check() && Date.now() < deadline) await delay(20);
  expect(check()).toBe(true);
}

/** Mounts that this process sees in a folder. */
function mountsOf(dir: string): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => line.includes(dir));
}

/** The process that is the first in the PID namespace around that of a command. */
/** The host of the command with that mark: its ancestor that is the init process of the host's namespace. */
function hostProcessOf(mark: string): string | undefined {
  return processesWith(mark)
    .map(tryHostProcess)
    .find((pid) => pid !== undefined && pid !== '');
}

/** A process may end while its ancestors are looked up. */
function tryHostProcess(pid: string): string | undefined {
  try {
    return hostProcess(pid);
  } catch {
    return undefined;
  }
}

function hostProcess(pid: string): string {
  const chain = [pid];
  for (let at = pid; at !== '1' && at !== '0'; at = parentOf(at)) chain.push(at);
  return chain.findLast((candidate) => depthOf(candidate) === 2) ?? '';
}

function parentOf(pid: string): string {
  return /^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0';
}

/** Number of PID namespaces that a process is in. */
function depthOf(pid: string): number {
  const ids = /^NSpid:\s*(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return ids?.split(/\s+/).length ?? 0;
}

async function reclaim(user: SandboxUser, dir: string): Promise<void> {
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const box = await openBox(user, 'auto');
  await box.host.reclaim([join(dir, 'tmp')]);
  await box[Symbol.asyncDispose]();
}

it('a way to start that is refused ends at once, also when it leaves a process that holds the pipes', async () => {
  const mark = String(6_000_000 + process.pid);
  const launch = { flavor: 'mapped', program: 'sh', args: ['-c', `sleep ${mark} & echo refused >&2; exit 1`] } as const;
  const dir = tempDir();
  const started = launchSandboxHost([launch], { stateDir: dir, tempDir: dir, isolation: 'auto' });
  await expect(started).rejects.toMatchObject({ code: 'STEP_SANDBOX_UNAVAILABLE', output: ['refused'] });
  expect(processesWith(mark)).toEqual([]);
});
