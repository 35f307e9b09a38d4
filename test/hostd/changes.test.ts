import { globSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChangedPath } from '../../src/rootfs/changed-path.ts';
import type { ActiveSnapshot } from '../../src/rootfs/sandbox-host.ts';
import { type Box, directory, file, hasStaticBusybox, openBox, runIn } from '../support/sandbox-box.ts';
import { sandboxUsers } from '../support/sandbox-user.ts';

/** Version 2 of `security.capability` with CAP_NET_RAW, permitted and effective (linux/capability.h). */
const CAPABILITY = Buffer.from('0100000200200000000000000000000000000000', 'hex').toString('base64');

/** Seen in every snapshot, in a layer or not. */
const ALWAYS_MOUNTED = ['dev', 'proc', 'sys'];

describe.skipIf(!hasStaticBusybox()).each(sandboxUsers())('changes of a snapshot of $title', (user) => {
  let box: Box;
  let base: string;
  beforeAll(async () => {
    box = await openBox(user, 'unshare');
    base = await box.layer([
      directory('lower'),
      file('lower/a', 'a'),
      file('lower/b', 'b', { uid: 12, gid: 34, mode: 0o4755 }),
      directory('lower/dir'),
      file('lower/dir/x', 'x'),
      file('lower/dir/y', 'y'),
      file('lower/tool', 'tool', { mode: 0o755, xattrs: { 'security.capability': CAPABILITY } }),
    ]);
  });
  afterAll(() => box[Symbol.asyncDispose]());

  async function changesOf(script: string, use?: (snapshot: ActiveSnapshot) => Promise<void>) {
    const snapshot = await box.open(base);
    try {
      expect(await runIn(snapshot, script)).toMatchObject({ exitCode: 0, stderr: '' });
      const changes = await snapshot.changes();
      await use?.(snapshot);
      return new Map(changes.map((change) => [change.path, change]));
    } finally {
      await snapshot[Symbol.asyncDispose]();
    }
  }

  it('are only the root when nothing was done', async () => {
    const changes = await changesOf('true');
    expect([...changes.keys()]).toEqual(['']);
    expect(changes.get('')).toMatchObject({ type: 'directory', mode: 0o755, uid: 0, gid: 0 });
    const names = changes.get('')?.names?.filter((name) => !ALWAYS_MOUNTED.includes(name));
    expect(names?.toSorted()).toEqual(['bin', 'lower', 'tmp']);
  });

  it('describe new files, directories, links and pipes', async () => {
    const changes = await changesOf(
      [
        'umask 0; mkdir -m 1770 /new; chown 3:4 /new; printf hello >/new/f; chmod 4711 /new/f',
        'ln -s ../t\\ t /new/link; ln /new/f /new/hard; mkfifo /new/pipe; touch -d @5 /new/f; touch -h -d @6 /new/link',
      ].join('\n'),
    );
    expect(changes.get('new')).toMatchObject({ type: 'directory', mode: 0o1770, uid: 3, gid: 4, size: 0 });
    expect(changes.get('new/f')).toMatchObject({ type: 'file', mode: 0o4711, uid: 0, gid: 0, size: 5, mtime: 5 });
    expect(changes.get('new/link')).toMatchObject({ type: 'symlink', link: '../t t', size: 0, mtime: 6 });
    expect(changes.get('new/pipe')).toMatchObject({ type: 'fifo', mode: 0o666, size: 0 });
    expect(changes.get('new/hard')?.inode).toBe(changes.get('new/f')?.inode);
    expect(changes.get('new')?.names?.toSorted()).toEqual(['f', 'hard', 'link', 'pipe']);
  });

  it('show what is gone by the names of its directory', async () => {
    const changes = await changesOf('rm /lower/a; rm -r /lower/dir');
    expect(changes.get('lower')?.names?.toSorted()).toEqual(['b', 'tool']);
    expect(types(changes, 'lower/a', 'lower/dir')).toEqual(['whiteout', 'whiteout']);
  });

  it('show a directory that was removed and made again with what it has now', async () => {
    const changes = await changesOf('rm -r /lower/dir; mkdir /lower/dir; echo z >/lower/dir/z');
    expect(changes.get('lower/dir')?.names).toEqual(['z']);
  });

  it('show a file in the place of a directory and the reverse', async () => {
    const changes = await changesOf(
      'rm -r /lower/dir; echo >/lower/dir; rm /lower/a; mkdir /lower/a; ln -s b /lower/c',
    );
    expect(types(changes, 'lower/dir', 'lower/a', 'lower/c')).toEqual(['file', 'directory', 'symlink']);
    expect(changes.get('lower/a')?.names).toEqual([]);
  });

  it('show a moved directory as a copy at its new place', async () => {
    const changes = await changesOf('mv /lower/dir /moved');
    expect(types(changes, 'moved', 'moved/x', 'moved/y', 'lower/dir')).toEqual([
      'directory',
      'file',
      'file',
      'whiteout',
    ]);
  });

  it('keep owner, mode, time and capabilities of a file of which only the time was touched', async () => {
    const changes = await changesOf('touch -d @1000000000 /lower/b; touch -d @1000000000 /lower/tool');
    expect(changes.get('lower/b')).toMatchObject({
      uid: 12,
      gid: 34,
      mode: 0o4755,
      mtime: 1_000_000_000,
      mtimeNanoseconds: 0,
    });
    expect(changes.get('lower/tool')?.xattrs).toEqual({ 'security.capability': CAPABILITY });
  });

  it('have the digests of their contents', async () => {
    await changesOf('printf hello >/f; printf "" >/e', async (snapshot) => {
      expect(await snapshot.hash(['f', 'e'])).toEqual({
        f: 'sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824',
        e: 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
      });
    });
  });

  it('are refused when a name is not UTF-8, because it would become another', async () => {
    await expect(changesOf('touch "/$(printf \'\\377\')"')).rejects.toMatchObject({ code: 'LAYER_NAME_NOT_UTF8' });
  });

  it('are refused when a path is longer than the system takes, which is removed all the same', async () => {
    const name = 'd'.repeat(200);
    const deep = `cd /; for i in $(seq 25); do mkdir ${name} && cd ${name} || break; done 2>/dev/null`;
    await expect(changesOf(deep)).rejects.toMatchObject({ code: 'LAYER_PATH_TOO_LONG', hint: expect.any(String) });
    expect(globSync('tmp/host-*/snapshot-*', { cwd: box.dir })).toEqual([]);
  });
});

function types(changes: ReadonlyMap<string, ChangedPath>, ...paths: readonly string[]): (string | undefined)[] {
  return paths.map((path) => changes.get(path)?.type);
}
