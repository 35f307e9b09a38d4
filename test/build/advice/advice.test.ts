import { describe, expect, it, test } from 'vitest';
import { adviseOnContext } from '../../../src/build/advice/context-files.ts';
import { adviseOnVariables } from '../../../src/build/advice/variables.ts';
import type { MissReason } from '../../../src/build/explain/miss-reason.ts';

const arg = (name: string, instruction: 'ARG' | 'ENV' = 'ARG'): MissReason => ({
  kind: 'variable',
  instruction,
  name,
  from: '1',
  to: '2',
});

const UNMOVABLE: MissReason = {
  kind: 'variable',
  instruction: undefined,
  name: 'SOURCE_DATE_EPOCH',
  from: '1',
  to: '2',
};

describe('a command that variables made run again', () => {
  const run = (
    command: string,
    reasons: readonly MissReason[],
    cost: { durationMs?: number; writtenBytes?: number } = {},
  ) =>
    adviseOnVariables(
      { argv: ['/bin/sh', '-c', command] },
      { text: `RUN ${command}`, reasons, durationMs: 12_345, writtenBytes: 45_000_000, ...cost },
    );

  test('is told with what it has cost', () => {
    expect(run('npm ci', [arg('BUILD_ID')])).toEqual([
      {
        code: 'CostlyVariable',
        message: 'ARG BUILD_ID changed, and RUN npm ci, which does not name it, ran again (12.3 s, 45.0 MB)',
        hint: 'if the command does not read it, move it below this instruction',
      },
    ]);
    expect(run('npm ci', [arg('A'), arg('B', 'ENV')])[0]?.message).toMatch(/^ARG A, ENV B changed, .*not name them/);
    expect(run('npm ci', [arg('A')], { durationMs: 10, writtenBytes: 60_000_000 })).toHaveLength(1);
  });

  test.each([
    ['it was cheap', run('npm ci', [arg('A')], { durationMs: 4999, writtenBytes: 1000 })],
    ['its text names the variable', run('echo $A', [arg('A')])],
    ['its text names one of several', run('echo "$A"', [arg('A'), arg('B')])],
    ['something else changed, too', run('npm ci', [arg('A'), { kind: 'layers-below' }])],
    ['nobody can move the variable', run('npm ci', [UNMOVABLE])],
    ['nothing was compared', run('npm ci', [])],
  ])('is not told when %s', (_, advice) => {
    expect(advice).toEqual([]);
  });

  test('is told when its text has a longer name only', () => {
    expect(run('echo $MY_A', [arg('A')])).toHaveLength(1);
  });
});

describe('files of the context that alone changed', () => {
  const copy = async (...paths: readonly string[]) => {
    const changes = paths.map((path) => ({ path, change: 'changed' as const, details: [] }));
    const reasons: MissReason[] = [{ kind: 'files', unit: 'file', total: paths.length, changes }];
    const report = { text: 'COPY . .', reasons, writtenBytes: 0 };
    const library = { toc: () => Promise.reject(new Error('nobody needs it')) };
    return await adviseOnContext({ sources: ['.'], destination: '/' }, { layers: [], report, library });
  };

  it('are told when nobody has edited them', async () => {
    expect(await copy('.git/index', 'logs/a', 'npm.log', '.DS_Store')).toEqual([
      {
        code: 'VolatileFiles',
        message: 'COPY . . was carried out again for no more than .git/index, logs/a, npm.log, 1 more',
        hint: 'if the image does not need them, add **/.git and **/logs and **/*.log and **/.DS_Store to .dockerignore',
      },
    ]);
    expect((await copy('a/.git/index'))[0]?.hint).toBe('if the image does not need it, add **/.git to .dockerignore');
  });

  test.each([
    ['another file', ['.git/index', 'src/a.ts']],
    ['names that only look like them', ['src/catalog', '.github/ci.yml', 'src/git/index']],
    ['no file', []],
  ])('are not told with %s', async (_, paths) => {
    expect(await copy(...paths)).toEqual([]);
  });
});
