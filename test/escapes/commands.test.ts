import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { IsolationMethod } from '../../src/core/sandbox.ts';
import { splitDevice } from '../../src/io/libc/device-number.ts';
import { chrootLaunch } from '../../src/rootfs/host-launch.ts';
import type { ActiveSnapshot } from '../../src/rootfs/sandbox-host.ts';
import { type Box, directory, openBox, runIn, symlink } from '../support/sandbox-box.ts';
import { type SandboxUser, sandboxUsers } from '../support/sandbox-user.ts';
import { HOSTILE_COMMANDS, type HostileCommand, type Target } from './hostile-commands.ts';
import { type Outside, openOutside } from './outside.ts';

const METHODS: readonly IsolationMethod[] = ['crun', 'runc', 'unshare', 'bwrap', 'chroot'];

/** What the processes around a command have in their environment. */
process.env.LAMELLA_HIDDEN = 'lamella-hidden';

const cases = sandboxUsers().flatMap((user) =>
  METHODS.filter((method) => method !== 'chroot' || user.uid === 0).map((method) => ({ method, user })),
);

describe.each(cases)('a hostile command, run with $method by $user.title,', ({ method, user }) => {
  let box: Box;
  let outside: Outside;
  const bystander = spawn('sleep', ['3600'], { stdio: 'ignore' });

  beforeAll(async () => {
    box = await openBox(launchedBy(user, method), method);
    outside = openOutside();
  });

  afterAll(async () => {
    bystander.kill();
    await box[Symbol.asyncDispose]();
    outside[Symbol.dispose]();
  });

  const promised = HOSTILE_COMMANDS.filter(({ notBy = [] }) => !notBy.includes(method));

  test.each(promised)('$title: in vain', async (command) => {
    const target = {
      outside: outside.path,
      cache: join(box.dir, 'cache', 'c'),
      pid: bystander.pid ?? 1,
      disk: findDisk(),
    };
    const before = stateOfMachine(box.dir);
    expect(await outcomeOf(box, command, target)).toEqual(command.outcome);
    expect(outside.state()).toEqual(outside.expected);
    expect(stateOfMachine(box.dir)).toEqual(before);
    expect(bystander.exitCode ?? bystander.signalCode).toBeNull();
  });
});

describe.each(cases.filter(({ method }) => method === 'crun'))(
  'a setuid program of $user.title',
  ({ method, user }) => {
    test('in a layer, or left in a cache, is out of reach of other users', async () => {
      await using box = await openBox(user, method);
      chmodSync(box.dir, 0o777);
      const cache = join(box.dir, 'cache', 'c');
      const mounts = [
        { kind: 'cache', source: cache, target: '/c', readOnly: false, mode: 0o777, uid: 0, gid: 0 },
      ] as const;
      await using snapshot = await box.open();
      const script = 'cp /bin/busybox /c/su; chmod 4755 /c/su; stat -c %a /c/su';
      expect((await runIn(snapshot, script, { mounts })).stdout.trim()).toBe('4755');
      expect(lstatSync(join(cache, 'su')).mode & 0o4000).toBe(0o4000);
      const [layer = ''] = readdirSync(join(box.dir, 'state')).filter((name) => name !== 'code');
      for (const path of [join(cache, 'su'), join(box.dir, 'state', layer, box.busybox, 'bin')]) {
        expect(existsSync(path)).toBe(true);
        expect(
          spawnSync('setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', 'test', '-e', path]).status,
        ).toBe(1);
      }
    });
  },
);

function launchedBy(user: SandboxUser, method: IsolationMethod): SandboxUser {
  return method === 'chroot' ? { ...user, launches: [chrootLaunch(process.platform, user.uid)] } : user;
}

async function outcomeOf(
  box: Box,
  { links = {}, runs }: HostileCommand,
  target: Target,
): Promise<HostileCommand['outcome']> {
  const entries = Object.entries(links).map(([path, to]) => symlink(path, join(target.outside, to)));
  const parents = entries.some(({ path }) => path.startsWith('etc/')) ? [directory('etc')] : [];
  const layers = entries.length === 0 ? [] : [await box.layer([...parents, ...entries])];
  await using snapshot = await box.open(...layers);
  try {
    return { prints: await runAll(snapshot, runs(target)) };
  } catch (error) {
    return { refused: (error as { code: string }).code };
  }
}

async function runAll(snapshot: ActiveSnapshot, runs: ReturnType<HostileCommand['runs']>): Promise<string> {
  let last = '';
  for (const { script, mounts = [] } of runs) last = (await runIn(snapshot, script, { mounts })).stdout.trim();
  return last;
}

/** What commands try to change of the machine itself. */
function stateOfMachine(folder: string): unknown {
  const { mode, uid, rdev } = lstatSync('/dev/null');
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  return {
    null: { mode, uid, rdev },
    mounts: mounts.filter((line) => line.includes(folder)),
    // A build notes the control groups that runc makes for it.
    temporary: readdirSync(join(folder, 'tmp')).filter((name) => name !== 'control-groups'),
    hostname: readFileSync('/proc/sys/kernel/hostname', 'utf8'),
  };
}

/** A disk of this machine; where it has none that can be seen, one that it might have. */
function findDisk(): string {
  const names = readdirSync('/dev').map((name) =>
    statSync(join('/dev', name), { bigint: true, throwIfNoEntry: false }),
  );
  const disk = names.find((stats) => stats?.isBlockDevice() === true);
  const { major, minor } = splitDevice(disk?.rdev ?? 0x800n);
  return `${major} ${minor}`;
}
