import { chmodSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeSafe, packFolder } from '../../../src/npm/git/pack-folder.ts';
import { listPackage, unpackPackage } from '../../../src/npm/package-files.ts';
import { tempDir } from '../../support/temp-dir.ts';

async function packed(folder: string): Promise<string[]> {
  return [...(await listPackage(await packFolder(folder, 'npm 12'), 'x'))].sort();
}

describe('a packed folder', () => {
  it('has the modes of git, whatever the umask was', async () => {
    const folder = tempDir({ 'package.json': '{}', plain: '', tool: '' });
    chmodSync(join(folder, 'plain'), 0o600);
    chmodSync(join(folder, 'tool'), 0o700);
    const files = await unpackPackage(await packFolder(folder, 'npm 12'), 'x', join(tempDir(), 'spool'));
    expect([...files].map(([path, { mode }]) => [path, mode.toString(8)]).sort()).toEqual([
      ['package.json', '644'],
      ['plain', '644'],
      ['tool', '755'],
    ]);
  });

  it('is packed by the rules of the npm that would do it', async () => {
    const folder = tempDir({ 'package.json': '{}', 'bun.lock': '', 'index.js': '' });
    const older = [...(await listPackage(await packFolder(folder, 'npm 10'), 'x'))].sort();
    expect(older).toEqual(['bun.lock', 'index.js', 'package.json']);
    expect(await packed(folder)).toEqual(['index.js', 'package.json']);
  });

  it('has nothing of a bundled package that lies outside', async () => {
    const manifest = { dependencies: { evil: '1', near: '1' }, bundleDependencies: ['evil', 'near'] };
    const outside = tempDir({ 'package.json': '{"name":"evil","version":"1.0.0"}', secret: 's' });
    const folder = tempDir({ 'package.json': JSON.stringify(manifest), 'kept/package.json': '{"version":"1.0.0"}' });
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(outside, join(folder, 'node_modules/evil'));
    symlinkSync('../kept', join(folder, 'node_modules/near'));
    makeSafe(folder, 'leading out');
    expect(await packed(folder)).toEqual(['kept/package.json', 'node_modules/near/package.json', 'package.json']);
  });

  it('has nothing of a package that lies above', async () => {
    const above = tempDir({ 'node_modules/up/package.json': '{"name":"up","version":"1.0.0"}', 'x/y': '' });
    const manifest = { dependencies: { up: '1' }, bundleDependencies: ['up'] };
    writeFileSync(join(above, 'x/package.json'), JSON.stringify(manifest));
    expect(await packed(join(above, 'x'))).toEqual(['package.json', 'y']);
  });
});

it('a checkout is made safe without its repository, links out of it, or any links', () => {
  const folder = tempDir({ '.git/config': '', 'sub/file': '', '.gitignore': '' });
  const links = { in: 'sub/file', out: '/etc/passwd', up: '../..', gone: 'nowhere', chain: 'out', git: '.git/config' };
  for (const [name, target] of Object.entries(links)) symlinkSync(target, join(folder, name));
  symlinkSync('..', join(folder, 'sub/circle'));
  makeSafe(folder, 'leading out');
  const left = (...names: readonly string[]): string[] => names.filter((name) => existsSync(join(folder, name)));
  expect(left('.git', '.gitignore', 'sub/circle', ...Object.keys(links))).toEqual(['.gitignore', 'sub/circle', 'in']);
  makeSafe(folder, 'all');
  expect(left('sub/circle', 'in', 'sub/file')).toEqual(['sub/file']);
});
