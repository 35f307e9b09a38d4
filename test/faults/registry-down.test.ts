import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type BuildOptions, type RegistryOptions, registry as toRegistry, verifyCache } from '../../src/index.ts';
import type { RegistryClientOptions } from '../../src/oci/registry/client.ts';
import { type Builder, createBuilder, eventsOf } from '../support/build.ts';
import { runCli } from '../support/run-cli.ts';
import { tempDir } from '../support/temp-dir.ts';
import { failureOf } from './failure-of.ts';
import { type Down, openLine, type RegistryLine } from './registry-line.ts';

const registry = process.env.LAMELLA_TEST_REGISTRY ?? '';

/** As long as people wait, but shorter. */
const IMPATIENT: RegistryOptions & Pick<RegistryClientOptions, 'timeouts' | 'delay'> = {
  configFile: '/nonexistent/config.json',
  timeouts: { headersMs: 100 },
  delay: async () => {},
};

interface Outage {
  readonly how: Down;
  readonly code: string;
  readonly hint: RegExp;
  /** Questions that one request of a build may ask before it gives up. */
  readonly most: number;
}

const UNREACHABLE = 'REGISTRY_UNREACHABLE';
const OUTAGES: readonly Outage[] = [
  { how: 'refuses', code: UNREACHABLE, hint: /registry is running/, most: 0 },
  { how: 'hangs', code: UNREACHABLE, hint: /network, proxies and firewalls/, most: 4 },
  { how: 'hangs up', code: UNREACHABLE, hint: /network, proxies and firewalls/, most: 4 },
  { how: 'refuses TLS', code: UNREACHABLE, hint: /--registry-insecure/, most: 4 },
  { how: '401', code: 'REGISTRY_UNAUTHORIZED', hint: /lamella login/, most: 1 },
  { how: '429', code: 'REGISTRY_RATE_LIMITED', hint: /log in/, most: 4 },
  { how: '503', code: 'REGISTRY_SERVER_ERROR', hint: /./, most: 4 },
];

const lineFor = ({ how }: Outage): Promise<RegistryLine> =>
  openLine(registry, how === 'refuses TLS' ? '0.0.0.0' : '127.0.0.1');

const reaching = ({ address }: RegistryLine): BuildOptions => ({ registry: { ...IMPATIENT, insecure: [address] } });

/** Plain HTTP is spoken to 0.0.0.0 once the line is mended; before that TLS is. */
const unreachable = ({ how }: Outage, line: RegistryLine): BuildOptions =>
  how === 'refuses TLS' ? { registry: IMPATIENT } : reaching(line);

async function checkQuiet({ cacheDir }: Builder): Promise<void> {
  const left = ['tmp', join('store', 'ingest')].map((name) => join(cacheDir, name)).filter((path) => existsSync(path));
  expect(left.flatMap((path) => readdirSync(path))).toEqual([]);
  expect((await verifyCache({ cacheDir })).damage).toEqual([]);
}

describe.each(OUTAGES)('a registry that is down from the start: $how', (outage) => {
  const { how, code, hint, most } = outage;

  test('is told of a base, and the next build works', async () => {
    const line = await lineFor(outage);
    await line.fail(how);
    const builder = createBuilder();
    const request = { dockerfileText: `FROM ${line.address}/busybox:latest\nCOPY f /f\n`, files: { f: 'x' } };
    expect(await failureOf(builder.build({ ...request, ...unreachable(outage, line) }))).toMatchObject({
      code,
      family: 'registry',
      message: expect.stringContaining(line.address),
      hint: expect.stringMatching(hint),
      span: { start: { line: 1 } },
    });
    expect(line.tries).toBeLessThanOrEqual(most);
    await checkQuiet(builder);
    await line.mend();
    const { image } = await builder.build({ ...request, ...reaching(line) });
    expect(image).toEqual((await createBuilder().build({ ...request, ...reaching(line) })).image);
  });

  test('is told of a push, and the next build works', async () => {
    const line = await lineFor(outage);
    await line.fail(how);
    const builder = createBuilder();
    const tag = `${line.address}/faults/down-${randomBytes(6).toString('hex')}:1`;
    const request = {
      dockerfileText: 'FROM scratch\nCOPY f /f\n',
      files: { f: 'x' },
      tags: [tag],
      outputs: [toRegistry()],
    };
    expect(await failureOf(builder.build({ ...request, ...unreachable(outage, line) }))).toMatchObject({
      code,
      hint: expect.stringMatching(hint),
    });
    // A layer and the configuration are sent at the same time.
    expect(line.tries).toBeLessThanOrEqual(2 * most);
    await checkQuiet(builder);
    await line.mend();
    const { image } = await builder.build({ ...request, ...reaching(line) });
    const base = `FROM ${tag}\n`;
    const pulled = await createBuilder().build({ dockerfileText: base, ...reaching(line) });
    expect(pulled.image.layers.map(({ diffId }) => diffId)).toEqual(image.layers.map(({ diffId }) => diffId));
  });

  test('is a warning where it is a cache, and the build goes on without', async () => {
    const line = await lineFor(outage);
    await line.fail(how);
    const builder = createBuilder();
    const ref = `${line.address}/faults/cache-${randomBytes(6).toString('hex')}`;
    const request = {
      dockerfileText: 'FROM scratch\nCOPY f /f\n',
      files: { f: 'x' },
      cacheFrom: [{ type: 'registry' as const, ref }],
      cacheTo: [{ type: 'registry' as const, ref }],
    };
    const built = await builder.build({ ...request, ...unreachable(outage, line) });
    const warnings = eventsOf(built, 'warning').map(({ diagnostic }) => diagnostic);
    expect(warnings).toContainEqual(
      expect.objectContaining({
        code,
        message: expect.stringContaining(line.address),
        hint: expect.stringMatching(hint),
      }),
    );
    expect(line.tries).toBeLessThanOrEqual(3 * most);
    await checkQuiet(builder);
    await line.mend();
    const anew = await createBuilder().build({ ...request, ...reaching(line) });
    expect(anew.image).toEqual(built.image);
    expect(eventsOf(anew, 'warning')).toEqual([]);
  });

  test.each(['missing', 'never'] as const)('is not asked with --pull %s and a base that is here', async (pull) => {
    const line = await lineFor(outage);
    const builder = createBuilder();
    const request = { dockerfileText: `FROM ${line.address}/busybox:latest\nCOPY f /f\n`, files: { f: 'x' } };
    const { image } = await builder.build({ ...request, ...reaching(line) });
    await line.fail(how);
    const again = await builder.build({ ...request, files: { f: 'x' }, pull, ...unreachable(outage, line) });
    expect(again.image).toEqual(image);
    expect(line.tries).toBe(0);
    expect(eventsOf(again, 'warning')).toEqual([]);
  });
});

describe('a registry whose name nobody knows', () => {
  const host = 'registry.invalid:5000';

  test.each([
    ['a base', ['--file', 'from'], `FROM ${host}/app\n`],
    ['a push', ['--push', '--tag', `${host}/app`], 'FROM scratch\nCOPY f /f\n'],
  ])('is told of %s, by the exit code too', async (_, args, text) => {
    const context = tempDir({ from: text, Dockerfile: text, f: 'x' });
    const cacheDir = join(tempDir(), 'cache');
    const { exitCode, stderr } = await runCli(['build', '--cache-dir', cacheDir, ...args, '.'], { cwd: context });
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 6 });
    expect(stderr).toMatch(/cannot reach registry\.invalid:5000: the host name (is not known|cannot be looked up now)/);
    expect(stderr).toContain('REGISTRY_UNREACHABLE');
    expect(stderr).toContain('check the spelling of the registry and the network');
  });
});
