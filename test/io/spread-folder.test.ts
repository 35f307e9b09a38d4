import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { findProgram } from '../../src/io/programs.ts';
import { makeSpreadFolder } from '../../src/io/spread-folder.ts';
import { tempDir } from '../support/temp-dir.ts';

const EXT4 = 0xef53;

it('a folder is made with its parents, and one that is there stays as it is', () => {
  const path = join(tempDir(), 'parent/folder');
  makeSpreadFolder(path);
  writeFileSync(join(path, 'file'), '');
  chmodSync(path, 0o750);
  makeSpreadFolder(path);
  expect(readdirSync(path)).toEqual(['file']);
  expect(statSync(path).mode & 0o777).toBe(0o750);
});

it('what stands in the way is left to whoever makes something in the folder', () => {
  const file = join(tempDir(), 'file');
  writeFileSync(file, '');
  expect(() => makeSpreadFolder(join(file, 'folder'))).not.toThrow();
  expect(statSync(file).isFile()).toBe(true);
});

const lsattr = findProgram('lsattr');
if (lsattr !== undefined && statfsSync(tmpdir()).type === EXT4) {
  it('on ext4 what is made in a new folder is spread over the disk, and nothing is changed of one that was there', () => {
    const attributesOf = (path: string): string => execFileSync(lsattr, ['-d', path], { encoding: 'utf8' });
    const old = join(tempDir(), 'old');
    mkdirSync(old);
    makeSpreadFolder(old);
    const made = join(tempDir(), 'made');
    makeSpreadFolder(made);
    expect(attributesOf(made).split(' ')[0]).toContain('T');
    expect(attributesOf(old).split(' ')[0]).not.toContain('T');
  });
}
