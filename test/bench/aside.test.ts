import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { removeAside, renewFolder, setAside } from '../../bench/services/aside.ts';
import { tempDir } from '../support/temp-dir.ts';

describe('what a builder is to forget', () => {
  it('is out of its way at once, and removed later', () => {
    const [aside, folder] = [tempDir(), join(tempDir(), 'builder')];
    renewFolder(folder, aside);
    writeFileSync(join(folder, 'cache'), '');
    renewFolder(folder, aside);
    renewFolder(folder, aside);
    expect(readdirSync(folder)).toEqual([]);
    expect(readdirSync(aside, { recursive: true }).filter((path) => String(path).endsWith('cache'))).toHaveLength(1);
    expect(removeAside(aside)).toBe(true);
    expect(readdirSync(aside)).toEqual([]);
    expect(removeAside(aside)).toBe(false);
  });

  it('may be absent already', () => {
    const aside = tempDir();
    setAside(join(tempDir(), 'nothing'), aside);
    expect(removeAside(aside)).toBe(false);
  });
});
