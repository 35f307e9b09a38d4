import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { describe, expect, it } from 'vitest';
import { readBeginning } from '../../src/npm/package-contents.ts';
import { listPackage, MOST_IN_MEMORY, type PackageFiles, unpackPackage } from '../../src/npm/package-files.ts';
import { makeTarball } from '../support/npm-packages.ts';
import { tempDir } from '../support/temp-dir.ts';

type Header = Parameters<ReturnType<typeof pack>['entry']>[0];

async function tarOf(...entries: readonly (readonly [Header, string?])[]): Promise<Buffer> {
  const archive = pack();
  for (const [header, content] of entries) archive.entry(header, content ?? '');
  archive.finalize();
  return Buffer.concat(await Array.fromAsync(archive as AsyncIterable<Buffer>));
}

async function unpack(tarball: Buffer, label = 'test'): Promise<PackageFiles> {
  return await unpackPackage(tarball, label, join(tempDir(), 'spool'));
}

function contentOf(files: PackageFiles, path: string): string {
  const file = files.get(path);
  return readBeginning(file?.content, file?.size ?? 0).toString();
}

async function pathsOf(...names: readonly string[]): Promise<string[]> {
  const tar = await tarOf(...names.map((name) => [{ name }, name] as const));
  return [...(await unpack(tar)).keys()];
}

describe('unpacking a package', () => {
  it('drops the first component, whatever it is called', async () => {
    expect(await pathsOf('package/a.js', 'other/b/c.js', 'alone')).toEqual(['a.js', 'b/c.js']);
  });

  it('leaves out what would lead elsewhere', async () => {
    expect(await pathsOf('package/../../evil', 'package/a/../b', '/package/c')).toEqual(['package/c']);
  });

  it('leaves out links, devices and directories', async () => {
    const tar = await tarOf(
      [{ name: 'package/dir', type: 'directory' }],
      [{ name: 'package/link', type: 'symlink', linkname: '/etc/passwd' }],
      [{ name: 'package/hard', type: 'link', linkname: 'package/a' }],
      [{ name: 'package/a' }, 'a'],
    );
    expect([...(await unpack(tar)).keys()]).toEqual(['a']);
  });

  it.each([
    [0o644, 0o644],
    [0o600, 0o644],
    [0o755, 0o755],
    [0o777, 0o755],
    [0o4711, 0o755],
    [0, 0o644],
  ])('makes of mode %o what npm makes of it', async (mode, expected) => {
    const files = await unpack(await tarOf([{ name: 'package/a', mode }, 'a']));
    expect(files.get('a')?.mode.toString(8)).toBe(expected.toString(8));
  });

  it('turns .gitignore into .npmignore, unless there is one before it', async () => {
    expect(await pathsOf('package/.gitignore')).toEqual(['.npmignore']);
    expect(await pathsOf('package/.npmignore', 'package/.gitignore', 'package/sub/.gitignore')).toEqual([
      '.npmignore',
      'sub/.npmignore',
    ]);
  });

  it('keeps the later one of two files', async () => {
    const tar = await tarOf([{ name: 'package/a' }, 'first'], [{ name: 'package/a' }, 'second']);
    expect(contentOf(await unpack(tar), 'a')).toBe('second');
    expect(await pathsOf('package/a', 'package/a/b')).toEqual(['a/b']);
    expect(await pathsOf('package/a/b', 'package/a')).toEqual(['a']);
  });

  it('reads plain and compressed archives', async () => {
    const { bytes } = await makeTarball({ name: 'a', version: '1.0.0', files: { 'big.txt': 'x'.repeat(100_000) } });
    expect(contentOf(await unpack(bytes), 'big.txt') === 'x'.repeat(100_000)).toBe(true);
  });

  it.each([
    ['no archive', Buffer.from('x'.repeat(600))],
    ['half of an archive', gzipSync(Buffer.from('package')).subarray(0, 12)],
  ])('refuses %s and names the package', async (_what, bytes) => {
    await expect(unpack(Buffer.from(bytes), 'a@1.0.0')).rejects.toThrow(
      expect.objectContaining({ code: 'STEP_NPM_BAD_TARBALL', message: expect.stringContaining('a@1.0.0') }),
    );
  });

  it('lists what it would unpack', async () => {
    const tar = gzipSync(await tarOf([{ name: 'package/a' }, 'a'], [{ name: 'package/dir/.gitignore' }, 'b']));
    expect(await listPackage(tar, 'a')).toEqual(new Set(['a', 'dir/.npmignore']));
  });
});

describe('a large package', () => {
  const LARGE = 'x'.repeat(MOST_IN_MEMORY);
  const large = async (): Promise<Buffer> =>
    gzipSync(
      await tarOf([{ name: 'package/empty' }], [{ name: 'package/a' }, 'first'], [{ name: 'package/b' }, LARGE]),
    );

  it('lies in a file, which goes when all of it has been read', async () => {
    const spool = join(tempDir(), 'spool');
    const files = await unpackPackage(await large(), 'large', spool);
    expect([...files.keys()]).toEqual(['empty', 'a', 'b']);
    expect(contentOf(files, 'a')).toBe('first');
    expect(contentOf(files, 'b') === LARGE).toBe(true);
    expect(files.get('empty')).toEqual({ mode: 0o644, size: 0 });
    files.get('a')?.content?.onRead?.();
    expect(existsSync(spool)).toBe(true);
    files.get('b')?.content?.onRead?.();
    expect(existsSync(spool)).toBe(false);
  });

  it('is known by its content, not by what its archive says of the size', async () => {
    const lying = Buffer.concat([await large()]);
    lying.writeUInt32LE(10, lying.length - 4);
    await expect(unpack(lying, 'liar')).rejects.toMatchObject({ code: 'STEP_NPM_BAD_TARBALL' });
    const members = Buffer.concat([await large(), gzipSync('')]);
    expect(contentOf(await unpack(members), 'b') === LARGE).toBe(true);
  });
});

describe('the memory of a package', () => {
  it('is given back when its last content has been read', async () => {
    const tar = gzipSync(await tarOf([{ name: 'package/a' }, 'a'.repeat(100_000)], [{ name: 'package/b' }, 'b']));
    const files = await unpack(tar);
    files.get('a')?.content?.onRead?.();
    expect(contentOf(files, 'b')).toBe('b');
    expect(contentOf(files, 'a').length).toBe(100_000);
    files.get('b')?.content?.onRead?.();
    expect(() => contentOf(files, 'a')).toThrow('detached');
  });
});
