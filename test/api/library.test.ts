import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, expectTypeOf, it, test } from 'vitest';
import * as lamella from '../../src/index.ts';
import {
  type BuildEvent,
  type BuildOptions,
  type BuildResult,
  build,
  type Descriptor,
  type Diagnostic,
  dockerArchive,
  isBuilderError,
  type Output,
  ociArchive,
  ociLayout,
  parse,
} from '../../src/index.ts';
import { readImageTree } from '../support/image-tree.ts';
import { tempDir } from '../support/temp-dir.ts';

const DOCKERFILE = `FROM scratch AS files
COPY . /files
FROM scratch
ENV A=1
COPY --from=files /files/a.txt /srv/
WORKDIR /srv/data
CMD ["/srv/run"]
`;

function project(files: Readonly<Record<string, string>> = { 'a.txt': 'a' }) {
  const root = tempDir();
  return { root, cacheDir: join(root, 'cache'), context: tempDir({ Dockerfile: DOCKERFILE, ...files }) };
}

async function observed(options: BuildOptions): Promise<{ result: BuildResult; events: readonly BuildEvent[] }> {
  const events: BuildEvent[] = [];
  const result = await build({ ...options, onEvent: (event) => events.push(event) });
  return { result, events };
}

describe('build', () => {
  it('gives the image as it is in every output: descriptor, configuration, layers', async () => {
    const { root, context, cacheDir } = project();
    const outputs = [
      ociLayout(join(root, 'image')),
      ociArchive(join(root, 'a.tar')),
      dockerArchive(join(root, 'b.tar')),
    ];
    const {
      image,
      names,
      outputs: written,
      recipe,
    } = await build({ context, cacheDir, tags: ['acme/app:1'], outputs });
    const read = await readImageTree(join(root, 'image'));
    expect(read.digest).toBe(image.descriptor.digest);
    expect(read.config).toEqual(image.config);
    expect(read.manifest.layers).toEqual(image.layers.map(({ descriptor }) => descriptor));
    expect(read.config.rootfs.diff_ids).toEqual(image.layers.map(({ diffId }) => diffId));
    expect([...read.paths.keys()]).toEqual(['/srv', '/srv/a.txt', '/srv/data']);
    expect(image.config.config).toMatchObject({ Cmd: ['/srv/run'], WorkingDir: '/srv/data' });
    expect(names).toEqual([expect.stringMatching(/\/acme\/app:1$/)]);
    expect(written.map(({ destination }) => destination)).toEqual(
      ['image', 'a.tar', 'b.tar'].map((name) => join(root, name)),
    );
    for (const { destination } of written) expect(existsSync(destination)).toBe(true);
    expect(recipe).toMatch(/^gzip /);
  });

  it('tells what it does in order, and ends with the image', async () => {
    const { root, context, cacheDir } = project();
    const outputs = [ociLayout(join(root, 'image'))];
    const { result, events } = await observed({ context, cacheDir, outputs });
    for (const id of [1, 2, 3]) {
      const types = events.filter((event) => 'step' in event && event.step.id === id).map(({ type }) => type);
      expect(types).toEqual(['step-started', 'cache-miss', 'layer-written', 'step-finished']);
    }
    expect(events.slice(-2).map(({ type }) => type)).toEqual(['output-written', 'done']);
    expect(events.at(-1)).toMatchObject({ type: 'done', image: result.image.descriptor });
    expect(result).toMatchObject({ cached: 0, executed: 3 });
  });

  it('says which steps were cached, with the key that was found', async () => {
    const { context, cacheDir } = project();
    const first = await observed({ context, cacheDir });
    const second = await observed({ context, cacheDir });
    const keys = (events: readonly BuildEvent[], type: BuildEvent['type']) =>
      events.flatMap((event) => (event.type === type && 'key' in event ? [event.key] : [])).sort();
    expect(keys(second.events, 'step-cached')).toEqual(keys(first.events, 'step-finished'));
    expect(second.result).toEqual({ ...first.result, cached: 3, executed: 0 });
  });

  it('runs twice in one process, with nothing in common', async () => {
    const [one, two] = [project({ 'a.txt': '1' }), project({ 'a.txt': '2' })];
    const [a, b, again] = await Promise.all([build(one), build(two), build(one)]);
    expect(a.image.descriptor.digest).not.toBe(b.image.descriptor.digest);
    expect(again.image).toEqual(a.image);
  });

  it('is aborted by its signal, with the reason of who aborted', async () => {
    const controller = new AbortController();
    const reason = new Error('the user went home');
    const building = build({ ...project(), signal: controller.signal, onEvent: () => controller.abort(reason) });
    await expect(building).rejects.toBe(reason);
  });

  it('throws what isBuilderError knows, with a code, a place and a hint', async () => {
    const { cacheDir } = project();
    const context = tempDir({ Dockerfile: 'FROM scratch AS build\nFROM scratch\nCOPY --from=biuld /a /\n' });
    const error: unknown = await build({ context, cacheDir, target: 'bild' }).catch((reason: unknown) => reason);
    if (!isBuilderError(error)) throw error;
    expect(error).toMatchObject({ family: 'plan', code: expect.stringMatching(/^PLAN_/), hint: expect.any(String) });
  });

  it('prints nothing and leaves the environment alone', async () => {
    const before = { ...process.env };
    await build(project());
    expect(process.env).toEqual(before);
  });
});

test('the public surface grows only on purpose', () => {
  expect(Object.keys(lamella).sort()).toEqual([
    'BuilderError',
    'CHECK_RULES',
    'ContentError',
    'ContextError',
    'HostError',
    'LayerError',
    'OptionError',
    'ParseError',
    'PlanError',
    'RegistryError',
    'StepError',
    'build',
    'check',
    'checkReproducible',
    'copyImage',
    'dockerArchive',
    'enterKeptRun',
    'examineHost',
    'explainLastBuild',
    'fix',
    'formatGraph',
    'formatGraphDot',
    'formatOutline',
    'initProject',
    'insertAfter',
    'insertBefore',
    'inspectImage',
    'isBuilderError',
    'lintViolation',
    'listCache',
    'listImages',
    'listKeptRuns',
    'login',
    'logout',
    'ociArchive',
    'ociLayout',
    'outline',
    'parse',
    'plan',
    'print',
    'pruneCache',
    'pruneSharedCache',
    'registry',
    'removeImage',
    'removeInstruction',
    'replaceInstruction',
    'sbom',
    'setArgDefault',
    'setBase',
    'toCheckJson',
    'toDump',
    'toGraphJson',
    'toParseJson',
    'toSarif',
    'verifyCache',
  ]);
});

test('every event and option has its place in docs/library.md', () => {
  const docs = readFileSync(new URL('../../docs/library.md', import.meta.url), 'utf8');
  const options = readFileSync(new URL('../../src/build/options.ts', import.meta.url), 'utf8');
  const events = readFileSync(new URL('../../src/build/events.ts', import.meta.url), 'utf8');
  const result = readFileSync(new URL('../../src/build/result.ts', import.meta.url), 'utf8');
  const fields = (text: string): string[] =>
    [...text.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, name]) => name ?? '');
  const ofBuild = options.slice(options.indexOf('interface BuildOptions'));
  const types = [...events.matchAll(/type: '([a-z-]+)'/g)].map(([, name]) => name ?? '');
  const missing = [...fields(ofBuild), ...fields(result), ...types].filter((name) => !docs.includes(`\`${name}\``));
  expect(missing).toEqual([]);
});

test('types say what is optional, and events tell themselves apart', () => {
  expectTypeOf(build).parameter(0).toEqualTypeOf<BuildOptions | undefined>();
  expectTypeOf<Record<never, never>>().toExtend<BuildOptions>();
  expectTypeOf(ociLayout('x')).toEqualTypeOf<Output>();
  expectTypeOf<BuildResult['image']['descriptor']>().toEqualTypeOf<Descriptor>();
  expectTypeOf<Extract<BuildEvent, { type: 'log' }>['bytes']>().toEqualTypeOf<Uint8Array>();
  expectTypeOf<Extract<BuildEvent, { type: 'step-finished' }>['durationMs']>().toEqualTypeOf<number>();
  expectTypeOf(parse('FROM scratch\n').diagnostics).toEqualTypeOf<readonly Diagnostic[]>();
  expectTypeOf<BuildOptions>().toEqualTypeOf<Readonly<BuildOptions>>();
});
