import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { givesLimits } from '../../src/sandbox/control-group-tree.ts';
import { tempDir } from '../support/temp-dir.ts';

const asked = (folder: string): string => readFileSync(join(folder, 'cgroup.subtree_control'), 'utf8').trim();

describe('a group of version 2', () => {
  const GROUP = { 'cgroup.type': 'domain\n', 'cgroup.subtree_control': '\n', 'cgroup.procs': '' };

  test.each([['pids'], ['cpu'], ['memory', 'pids']] as const)(
    'without processes is asked to give limits of %s',
    (...controllers) => {
      const folder = tempDir(GROUP);
      expect(givesLimits(folder, controllers)).toBe(true);
      expect(asked(folder)).toBe(controllers.map((name) => `+${name}`).join(' '));
    },
  );

  test.each([['pids'], ['cpu'], ['memory', 'pids']] as const)(
    'with processes is left as it is, though the kernel would allow %s',
    (...controllers) => {
      const folder = tempDir({ ...GROUP, 'cgroup.procs': '7\n' });
      expect(givesLimits(folder, controllers)).toBe(false);
      expect(asked(folder)).toBe('');
    },
  );

  test('that is the root of all may have processes', () => {
    const { 'cgroup.type': _type, ...root } = GROUP;
    expect(givesLimits(tempDir({ ...root, 'cgroup.procs': '1\n' }), ['pids'])).toBe(true);
  });

  test('that gives the limits already is not asked', () => {
    const folder = tempDir({ ...GROUP, 'cgroup.subtree_control': 'cpu pids\n' });
    expect(givesLimits(folder, ['pids'])).toBe(true);
    expect(asked(folder)).toBe('cpu pids');
  });
});
