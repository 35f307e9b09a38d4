import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeFolder } from '../../src/io/make-folder.ts';
import { tempDir } from '../support/temp-dir.ts';

describe('makeFolder', () => {
  test('makes missing parents, and takes a folder that is there for success', () => {
    const temp = tempDir();
    makeFolder(join(temp, 'a/b/c'));
    makeFolder(join(temp, 'a/b'));
    expect(readdirSync(join(temp, 'a/b'))).toEqual(['c']);
  });

  test('says that a file in the way is not a directory', () => {
    const temp = tempDir();
    writeFileSync(join(temp, 'file'), '');
    expect(() => makeFolder(join(temp, 'file'))).toThrow(/ENOTDIR/);
    expect(() => makeFolder(join(temp, 'file/below'))).toThrow(/ENOTDIR/);
  });

  test('returns where Node would try for ever', () => {
    expect(() => makeFolder('/proc/nope/x')).toThrow(/ENOENT/);
  });
});
