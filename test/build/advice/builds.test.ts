import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findUnchanged } from '../../../src/build/unchanged/find-unchanged.ts';
import type { BuildOptions } from '../../../src/index.ts';
import { type Builder, createBuilder, eventsOf } from '../../support/build.ts';
import { tempDir } from '../../support/temp-dir.ts';

const BIG = 'x'.repeat(11_000_000);

async function warnings(builder: Builder, options: BuildOptions): Promise<string[]> {
  const built = await builder.build(options);
  return eventsOf(built, 'warning').map(({ diagnostic }) => `${diagnostic.code}: ${diagnostic.message}`);
}

function project(dockerfile: string): string {
  const context = tempDir({
    Dockerfile: dockerfile,
    'src/a.ts': 'a',
    '.git/index': '1',
    'web/node_modules/b/c.js': BIG,
  });
  return context;
}

const LARGE = 'ContextNotIgnored: COPY . /app copies node_modules (1 file, 11.0 MB) out of the context';

describe('a build warns of what it has cost', () => {
  it('once of each kind, when it was carried out, and not of what was cached', async () => {
    const builder = createBuilder();
    const context = project('FROM scratch\nCOPY . /app\nCOPY . /srv\n');
    expect(await warnings(builder, { context })).toEqual([LARGE]);
    expect(await warnings(builder, { context })).toEqual([]);
    writeFileSync(join(context, '.git/index'), '2');
    expect(await warnings(builder, { context })).toEqual([
      'VolatileFiles: COPY . /app was carried out again for no more than .git/index',
      LARGE,
    ]);
    writeFileSync(join(context, 'src/a.ts'), '2');
    expect(await warnings(builder, { context })).toEqual([LARGE]);
  });

  it('not of folders that the instruction names or the ignore file keeps away', async () => {
    const context = project('FROM scratch\nCOPY web/node_modules /app\n');
    expect(await warnings(createBuilder(), { context })).toEqual([]);
    const ignoring = project('FROM scratch\nCOPY . /app\n');
    writeFileSync(join(ignoring, '.dockerignore'), '**/node_modules\n');
    expect(await warnings(createBuilder(), { context: ignoring })).toEqual([]);
  });

  it('unless the Dockerfile or the caller does not want to hear it, and never fails for it', async () => {
    const skips = [
      '# check=skip=ContextNotIgnored\nFROM scratch\nCOPY . /app\n',
      'FROM scratch\n# check=skip=ContextNotIgnored\nCOPY . /app\n',
    ];
    for (const dockerfile of skips)
      expect(await warnings(createBuilder(), { context: project(dockerfile) })).toEqual([]);
    const context = project('# check=error=true\nFROM scratch\nCOPY . /app\n');
    expect(await warnings(createBuilder(), { context })).toEqual([LARGE]);
    const buildArgs = { BUILDKIT_DOCKERFILE_CHECK: 'skip=all' };
    expect(await warnings(createBuilder(), { context, buildArgs })).toEqual([]);
  });

  it('and says nothing of it when nothing changed', async () => {
    const { cacheDir, build } = createBuilder();
    const context = project('FROM scratch\nCOPY . /app\n');
    mkdirSync(join(context, 'empty'));
    await build({ context });
    const told: string[] = [];
    const onEvent: BuildOptions['onEvent'] = ({ type }) => told.push(type);
    const unchanged = (await findUnchanged({ cacheDir, context, onEvent })) ?? (await build({ context, onEvent }));
    expect(unchanged.executed).toBe(0);
    expect(told).not.toContain('warning');
  });
});
