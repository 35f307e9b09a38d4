import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { describe, expect, it } from 'vitest';
import { unpackPackage } from '../../src/npm/package-files.ts';
import { makeTarball } from '../support/npm-packages.ts';

type Header = Parameters<ReturnType<typeof pack>['entry']>[0];

async function tarOf(...entries: readonly (readonly [Header, string?])[]): Promise<Buffer> {
  const archive = pack();
  for (const [header, content] of entries) archive.entry(header, content ?? '');
  archive.finalize();
  return Buffer.concat(await Array.fromAsync(archive as AsyncIterable<Buffer>));
}

async function pathsOf(...names: readonly string[]): Promise<string[]> {
  const tar = await tarOf(...names.map((name) => [{ name }, name] as const));
  return [...(await unpackPackage(tar, 'test')).keys()];
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
    expect([...(await unpackPackage(tar, 'test')).keys()]).toEqual(['a']);
  });

  it.each([
    [0o644, 0o644],
    [0o600, 0o644],
    [0o755, 0o755],
    [0o777, 0o755],
    [0o4711, 0o755],
    [0, 0o644],
  ])('makes of mode %o what npm makes of it', async (mode, expected) => {
    const files = await unpackPackage(await tarOf([{ name: 'package/a', mode }, 'a']), 'test');
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
    expect((await unpackPackage(tar, 'test')).get('a')?.bytes.toString()).toBe('second');
    expect(await pathsOf('package/a', 'package/a/b')).toEqual(['a/b']);
    expect(await pathsOf('package/a/b', 'package/a')).toEqual(['a']);
  });

  it('reads plain and compressed archives', async () => {
    const { bytes } = await makeTarball({ name: 'a', version: '1.0.0', files: { 'big.txt': 'x'.repeat(100_000) } });
    const digest = createHash('sha256').update('x'.repeat(100_000)).digest('hex');
    const found = (await unpackPackage(bytes, 'a')).get('big.txt')?.bytes ?? Buffer.alloc(0);
    expect(createHash('sha256').update(found).digest('hex')).toBe(digest);
  });

  it.each([
    ['no archive', Buffer.from('x'.repeat(600))],
    ['half of an archive', gzipSync(Buffer.from('package')).subarray(0, 12)],
  ])('refuses %s and names the package', async (_what, bytes) => {
    await expect(unpackPackage(bytes, 'a@1.0.0')).rejects.toThrow(
      expect.objectContaining({ code: 'STEP_NPM_BAD_TARBALL', message: expect.stringContaining('a@1.0.0') }),
    );
  });
});
