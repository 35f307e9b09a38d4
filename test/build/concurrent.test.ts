import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { type BuildOptions, listImages } from '../../src/index.ts';
import { createBuilder } from '../support/build.ts';
import { tempDir } from '../support/temp-dir.ts';

const MAIN = fileURLToPath(new URL('../support/build-process-main.ts', import.meta.url));

const FILES = {
  Dockerfile: 'FROM scratch AS one\nCOPY . /app\nFROM scratch\nCOPY --from=one /app /srv\nWORKDIR /srv/data\n',
  big: Array.from({ length: 50_000 }, (_, at) => `line ${at * 31}`).join('\n'),
  'b/c.txt': 'c',
};

async function buildInProcess(options: BuildOptions): Promise<string> {
  const run = promisify(execFile);
  const args = ['--disable-warning=ExperimentalWarning', MAIN, JSON.stringify(options)];
  return (await run(process.execPath, args)).stdout;
}

function names(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `app:${at}`);
}

describe('builds at the same time', () => {
  it('in one process share a cache and all keep their names', async () => {
    const builder = createBuilder();
    const context = tempDir(FILES);
    const builds = names(6).map((tag) => builder.build({ context, tags: [tag] }));
    const digests = (await Promise.all(builds)).map(({ image }) => image.descriptor.digest);
    expect(new Set(digests).size).toBe(1);
    expect((await listImages({ cacheDir: builder.cacheDir })).map(({ name }) => name)).toEqual(names(6));
    expect(readdirSync(join(builder.cacheDir, 'tmp'))).toEqual([]);
  });

  it('in one process with different options do not mix', async () => {
    const builder = createBuilder();
    const dockerfileText = 'FROM scratch\nARG NAME\nCOPY $NAME /x\nLABEL name=$NAME\n';
    const context = tempDir({ a: 'one', b: 'two' });
    const [a, b] = await Promise.all(
      ['a', 'b'].map((name) => builder.build({ context, dockerfileText, buildArgs: { NAME: name } })),
    );
    expect(a?.image.config.config?.Labels).toEqual({ name: 'a' });
    expect(b?.image.config.config?.Labels).toEqual({ name: 'b' });
    expect(a?.image.layers[0]?.diffId).not.toBe(b?.image.layers[0]?.diffId);
  });

  it('in several processes share a cache and all keep their names', async () => {
    const { cacheDir } = createBuilder();
    const context = tempDir(FILES);
    const digests = await Promise.all(names(3).map((tag) => buildInProcess({ context, cacheDir, tags: [tag] })));
    expect(new Set(digests).size).toBe(1);
    expect((await listImages({ cacheDir })).map(({ name }) => name)).toEqual(names(3));
    expect(readdirSync(join(cacheDir, 'tmp'))).toEqual([]);
    const index = JSON.parse(readFileSync(join(cacheDir, 'store/index.json'), 'utf8'));
    expect(index.manifests).toHaveLength(3);
  });
});
