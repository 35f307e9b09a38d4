import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resolveInRoot } from '../../src/io/in-root.ts';
import { tempDir } from '../support/temp-dir.ts';

describe('a path inside a root', () => {
  function root(): string {
    const path = tempDir();
    mkdirSync(join(path, 'usr/lib'), { recursive: true });
    writeFileSync(join(path, 'usr/lib/f'), 'x');
    const links = { lib: 'usr/lib', abs: '/usr/lib', up: '../../../../usr', loop: 'loop', out: '../nowhere/x' };
    for (const [name, target] of Object.entries(links)) symlinkSync(target, join(path, name));
    return path;
  }

  it.each([
    ['/usr/lib/f', 'usr/lib/f', true],
    ['lib/f', 'usr/lib/f', true],
    ['/abs/../lib/f', 'usr/lib/f', true],
    ['/up/lib/f', 'usr/lib/f', true],
    ['/out/y', 'nowhere/x/y', false],
    ['/missing/a', 'missing/a', false],
    ['/../../../..', '', true],
    ['/usr/lib/f/below', 'usr/lib/f/below', false],
  ])('%s leads to %s', (path, resolved, exists) => {
    const place = resolveInRoot(root(), path);
    expect(place?.path).toBe(resolved);
    expect(place?.stats !== undefined).toBe(exists);
  });

  it('that runs in a circle leads nowhere', () => {
    expect(resolveInRoot(root(), '/loop/x')).toBeUndefined();
  });
});
