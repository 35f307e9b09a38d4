import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunMountRequest } from '../../src/rootfs/host-messages.ts';
import { type Box, directory, file, hasStaticBusybox, openBox, runIn, symlink } from '../support/sandbox-box.ts';
import { sandboxUsers } from '../support/sandbox-user.ts';

describe.skipIf(!hasStaticBusybox()).each(sandboxUsers())('mounts of a command of $title', (user) => {
  let box: Box;
  beforeAll(async () => {
    box = await openBox(user, 'unshare');
  });
  afterAll(() => box[Symbol.asyncDispose]());

  async function run(script: string, mounts: readonly RunMountRequest[], layers: readonly string[] = []) {
    const snapshot = await box.open(...layers);
    try {
      const outcome = await runIn(snapshot, script, { mounts });
      return { ...outcome, changed: (await snapshot.changes()).map(({ path }) => path) };
    } finally {
      await snapshot[Symbol.asyncDispose]();
    }
  }

  function contextFolder(name: string): string {
    const path = join(box.dir, name);
    mkdirSync(join(path, 'sub'), { recursive: true });
    writeFileSync(join(path, 'sub', 'f'), 'from the context');
    user.own(path);
    user.own(join(path, 'sub'));
    return path;
  }

  it('show a folder of the context, read-only, without a trace in the snapshot', async () => {
    const source = contextFolder('context-1');
    const mounts = [{ kind: 'context', source, target: '/src/ctx', readOnly: true }] as const;
    const outcome = await run('cat /src/ctx/sub/f; touch /src/ctx/x', mounts);
    expect(outcome).toMatchObject({ exitCode: 1, stdout: 'from the context', changed: [''] });
    expect(outcome.stderr).toContain('Read-only');
  });

  it('drop what is written to a writable context, folder or file', async () => {
    const source = contextFolder('context-2');
    const mounts = [
      { kind: 'context', source, target: '/ctx', readOnly: false },
      { kind: 'context', source: join(source, 'sub/f'), target: '/ctx-file', readOnly: false },
    ] as const;
    const script =
      'echo changed >/ctx/sub/f; rm -r /ctx/sub; echo new >/ctx/x; echo changed >>/ctx-file; cat /ctx-file';
    expect(await run(script, mounts)).toMatchObject({
      exitCode: 0,
      stdout: 'from the contextchanged\n',
      changed: [''],
    });
    expect(readdirSync(source)).toEqual(['sub']);
    expect(readFileSync(join(source, 'sub/f'), 'utf8')).toBe('from the context');
  });

  it('show a path of other layers, and drop what is written there', async () => {
    const other = await box.layer([
      directory('data'),
      file('data/f', 'x'),
      directory('opt'),
      symlink('opt/link', '/data'),
    ]);
    const mount = { kind: 'snapshot', layerIds: [other], source: '/opt/link', target: '/mnt' } as const;
    expect(await run('cat /mnt/f; touch /mnt/y', [{ ...mount, readOnly: true }])).toMatchObject({
      exitCode: 1,
      stdout: 'x',
    });
    const script = 'echo y >/mnt/f; touch /mnt/z; cat /mnt/f; ls /mnt';
    expect(await run(script, [{ ...mount, readOnly: false }])).toMatchObject({
      exitCode: 0,
      stdout: 'y\nf\nz\n',
      changed: [''],
    });
    expect(await run('cat /mnt/f; ls /mnt', [{ ...mount, readOnly: false }])).toMatchObject({ stdout: 'xf\n' });
    expect(await run('cat /one', [{ ...mount, source: 'data/f', target: '/one', readOnly: true }])).toMatchObject({
      stdout: 'x',
    });
  });

  it('keep a cache between commands, made with its mode, owner and first content', async () => {
    const initial = {
      layerIds: [await box.layer([directory('seed'), file('seed/s', 'seed', { uid: 9, gid: 9 })])],
      source: '/seed',
    };
    const source = join(box.dir, 'tmp', 'caches', 'one');
    const mount = { kind: 'cache', source, target: '/cache', mode: 0o750, uid: 3, gid: 4, initial } as const;
    const first = await run('stat -c "%a %u %g" /cache /cache/s; touch /cache/kept', [{ ...mount, readOnly: false }]);
    expect(first).toMatchObject({ stdout: '750 3 4\n644 9 9\n', changed: [''] });
    const second = await run('ls /cache; touch /cache/x', [{ ...mount, mode: 0o700, uid: 0, readOnly: true }]);
    expect(second).toMatchObject({ exitCode: 1, stdout: 'kept\ns\n' });
    await box.host.reclaim([join(box.dir, 'tmp', 'caches')]);
  });

  it('may lie in one another, in the order of the list', async () => {
    const mounts: RunMountRequest[] = [
      { kind: 'tmpfs', target: '/a', readOnly: false },
      { kind: 'file', target: '/a/b/secret', content: 'eA==', mode: 0o400, uid: 0, gid: 0 },
      { kind: 'tmpfs', target: '/a/c', readOnly: true },
    ];
    const outcome = await run('cat /a/b/secret; touch /a/ok; touch /a/c/no', mounts);
    expect(outcome).toMatchObject({ exitCode: 1, stdout: 'x', changed: [''] });
  });

  it('keep a mount point that a command has put something into by another path', async () => {
    const outcome = await run('mkdir -p /parent/other', [{ kind: 'tmpfs', target: '/parent/mnt', readOnly: false }]);
    expect(outcome.changed).toEqual(['', 'parent', 'parent/other']);
  });

  it('follow links of the root inside the root, never to the host', async () => {
    const outside = join(box.dir, 'outside');
    mkdirSync(outside);
    const layer = await box.layer([
      symlink('abs', outside),
      symlink('loop', 'loop'),
      symlink('up', `../../../..${outside}`),
    ]);
    const mounts = ['/abs/x', '/up/y'].map((target) => ({ kind: 'tmpfs', target, readOnly: false }) as const);
    expect(await run(`ls -d ${outside}/x ${outside}/y`, mounts, [layer])).toMatchObject({ exitCode: 0 });
    expect(readdirSync(outside)).toEqual([]);
    const loop = run('true', [{ kind: 'tmpfs', target: '/loop/x', readOnly: false }], [layer]);
    await expect(loop).rejects.toMatchObject({ code: 'STEP_MOUNT_TARGET' });
  });

  it('are refused where a directory meets a file, and where the source is missing', async () => {
    const onFile = run('true', [{ kind: 'tmpfs', target: '/bin/busybox', readOnly: false }]);
    await expect(onFile).rejects.toMatchObject({ code: 'STEP_MOUNT_TARGET' });
    const missing = run('true', [{ kind: 'context', source: join(box.dir, 'nope'), target: '/x', readOnly: true }]);
    await expect(missing).rejects.toMatchObject({ code: 'STEP_MOUNT_SOURCE' });
  });

  it('are not made through a link at /proc, which would lead out of the root', async () => {
    for (const name of ['proc', 'dev']) {
      const layer = await box.layer([symlink(name, box.dir)]);
      await expect(run('true', [], [layer])).rejects.toMatchObject({ code: 'STEP_BAD_ROOT' });
    }
    expect(existsSync(join(box.dir, 'null'))).toBe(false);
  });

  it('restore the times of the directories in which mount points had to be made', async () => {
    const layer = await box.layer([directory('etc', { mtime: 5 }), directory('srv', { mtime: 6 })]);
    const snapshot = await box.open(layer);
    const mounts = [{ kind: 'tmpfs', target: '/srv/a/b', readOnly: false }] as const;
    expect(await runIn(snapshot, 'stat -c %Y /etc /srv /srv/a', { mounts })).toMatchObject({ stdout: '5\n6\n6\n' });
    const changes = new Map((await snapshot.changes()).map((change) => [change.path, change]));
    // What is mounted in /etc always has its place below all layers.
    expect(changes.get('etc')).toBeUndefined();
    expect(changes.get('srv')).toMatchObject({ mtime: 6, mtimeNanoseconds: 0, names: [] });
    await snapshot[Symbol.asyncDispose]();
  });
});
