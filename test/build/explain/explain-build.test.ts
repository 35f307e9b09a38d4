import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { findUnchanged } from '../../../src/build/unchanged/find-unchanged.ts';
import { explainLastBuild } from '../../../src/index.ts';
import { createBuilder } from '../../support/build.ts';
import { tempDir } from '../../support/temp-dir.ts';

const DOCKERFILE = 'FROM scratch\nCOPY a /a\nCOPY b /b\n';

describe('explainLastBuild', () => {
  // A build whose files are younger than two seconds is not remembered as one that may be found unchanged.
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('tells where every step came from, why, and how the build ended', async () => {
    const { cacheDir, build } = createBuilder();
    const context = tempDir({ Dockerfile: DOCKERFILE, a: '1', b: '1' });
    await build({ context });
    writeFileSync(join(context, 'b'), '2');
    const { image } = await build({ context });
    const explanation = await explainLastBuild({ cacheDir, context });
    expect(explanation).toMatchObject({
      context,
      dockerfile: 'Dockerfile',
      digest: image.descriptor.digest,
      steps: [
        { text: 'COPY a /a', index: 1, total: 2, line: 2, outcome: 'cached', reasons: [], why: '' },
        {
          text: 'COPY b /b',
          outcome: 'executed',
          reasons: [{ kind: 'files', total: 1, changes: [{ path: 'b', change: 'changed', details: ['content'] }] }],
          why: '1 file changed: b (content)',
        },
      ],
    });
  });

  it('tells of a build that failed, and compares the next one with what the one before had made', async () => {
    const { cacheDir, build } = createBuilder();
    const context = tempDir({ Dockerfile: DOCKERFILE, a: '1', b: '1' });
    await build({ context });
    rmSync(join(context, 'a'));
    await expect(build({ context })).rejects.toThrow();
    const failed = await explainLastBuild({ cacheDir, context });
    expect(failed).not.toHaveProperty('digest');
    expect(failed?.steps).toMatchObject([{ text: 'COPY a /a', outcome: 'failed' }]);
    writeFileSync(join(context, 'a'), '2');
    writeFileSync(join(context, 'b'), '2');
    await build({ context });
    expect((await explainLastBuild({ cacheDir, context }))?.steps.map(({ why }) => why)).toEqual([
      '1 file changed: a (content)',
      '1 file changed: b (content)',
    ]);
  });

  it('finds the build of a context, of one of its Dockerfiles, or the last one of all', async () => {
    const { cacheDir, build } = createBuilder();
    const context = tempDir({ Dockerfile: DOCKERFILE, other: 'FROM scratch\nCOPY b /\n', a: '1', b: '1' });
    const dockerfile = join(context, 'other');
    await build({ context, dockerfile });
    vi.advanceTimersByTime(1000);
    await build({ context });
    vi.advanceTimersByTime(1000);
    const last = tempDir({ Dockerfile: DOCKERFILE, a: '1', b: '1' });
    await build({ context: last });
    expect(await explainLastBuild({ cacheDir, context })).toMatchObject({ context, dockerfile: 'Dockerfile' });
    expect(await explainLastBuild({ cacheDir, context, dockerfile })).toMatchObject({ context, dockerfile });
    expect(await explainLastBuild({ cacheDir, dockerfile })).toMatchObject({ context, dockerfile });
    expect(await explainLastBuild({ cacheDir })).toMatchObject({ context: last });
    expect(await explainLastBuild({ cacheDir, context: tempDir() })).toBeUndefined();
    expect(await explainLastBuild({ cacheDir: tempDir() })).toBeUndefined();
  });

  it('tells when the same was asked for again and nothing had changed, which writes no trace', async () => {
    const { cacheDir, build } = createBuilder();
    const context = tempDir({ Dockerfile: DOCKERFILE, a: '1', b: '1' });
    await build({ context });
    vi.advanceTimersByTime(60_000);
    await build({ context });
    const before = await explainLastBuild({ cacheDir, context });
    expect(before).not.toHaveProperty('unchangedMs');
    vi.advanceTimersByTime(60_000);
    expect(await findUnchanged({ cacheDir, context })).toBeDefined();
    expect(await explainLastBuild({ cacheDir, context })).toEqual({ ...before, unchangedMs: Date.now() });
  });
});
