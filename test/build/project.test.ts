import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MediaType } from '../../src/core/media-types.ts';
import { type BuildOptions, ociLayout } from '../../src/index.ts';
import { digestOf } from '../../src/io/hash.ts';
import { formatIndex } from '../../src/oci/image/manifest.ts';
import { createBuilder, eventsOf } from '../support/build.ts';
import { readImageTree } from '../support/image-tree.ts';
import { useNpmCache } from '../support/npm-machine.ts';
import { lockEntry, makeTarball, projectTexts, type Tarball } from '../support/npm-packages.ts';
import { publishImage } from '../support/publish-image.ts';
import { startRegistry } from '../support/registry/server.ts';
import { tempDir } from '../support/temp-dir.ts';

interface ProjectOptions {
  readonly manifest?: Readonly<Record<string, unknown>>;
  readonly base?: string;
  readonly files?: Readonly<Record<string, string>>;
}

/** A project with a package that has an install script, `native`, and one without, `plain`. */
async function project({ manifest = {}, base = 'scratch', files = {} }: ProjectOptions = {}): Promise<string> {
  const made = await Promise.all([
    makeTarball({ name: 'native', version: '1.0.0', manifest: { scripts: { install: 'make' } } }),
    makeTarball({ name: 'plain', version: '2.0.0' }),
  ]);
  useNpmCache(made);
  const [native, plain] = made as [Tarball, Tarball];
  const texts = projectTexts(
    { dependencies: { native: '1', plain: '2' }, lamella: { base }, ...manifest },
    { 'node_modules/native': lockEntry(native), 'node_modules/plain': lockEntry(plain) },
  );
  return tempDir({ ...texts, 'index.js': 'main', 'test/a.js': 'test', '.env': 'SECRET=1', ...files });
}

async function pathsOf(context: string, options: BuildOptions = {}): Promise<string[]> {
  const layout = join(tempDir(), 'image');
  await createBuilder().build({ context, outputs: [ociLayout(layout)], ...options });
  return [...(await readImageTree(layout)).paths.keys()];
}

interface Failure {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

async function failureOf(context: string, options: BuildOptions = {}): Promise<Failure> {
  return await pathsOf(context, options).then(
    () => expect.fail('the build did not fail'),
    (error: Failure) => error,
  );
}

const IGNORE: BuildOptions = { npm: { scripts: 'ignore' } };

describe('a folder with a package.json and no Dockerfile', () => {
  it('becomes an image with its dependencies and its files, without tests and secrets', async () => {
    const paths = await pathsOf(await project(), IGNORE);
    expect(paths).toEqual(expect.arrayContaining(['/app/index.js', '/app/node_modules/plain/package.json']));
    expect(paths.filter((path) => /\/app\/(?:test|\.env)/.test(path))).toEqual([]);
  });

  it('is built from its Dockerfile as soon as there is one', async () => {
    const context = await project({ files: { Dockerfile: 'FROM scratch\nCOPY index.js /only.js\n' } });
    expect((await pathsOf(context)).filter((path) => path.endsWith('.js'))).toEqual(['/only.js']);
    await expect(createBuilder().build({ context, workspace: 'api' })).rejects.toMatchObject({
      code: 'OPTION_CONTRADICTION',
    });
  });

  it.each([true, false])(
    'is not built without a Dockerfile that cannot be reached (without cache: %s)',
    async (noCache) => {
      const context = await project();
      symlinkSync('Dockerfile', join(context, 'Dockerfile'));
      await expect(createBuilder().build({ context, noCache })).rejects.toMatchObject({
        code: 'CONTEXT_UNREADABLE',
        hint: expect.stringContaining('the right to read it'),
      });
    },
  );

  it('without a package.json lacks a Dockerfile', async () => {
    await expect(createBuilder().build({ files: { a: '' } })).rejects.toMatchObject({ code: 'CONTEXT_NO_DOCKERFILE' });
  });

  it.each([
    ['pnpm-lock.yaml', 'STEP_NPM_FOREIGN_LOCKFILE'],
    ['yarn.lock', 'STEP_NPM_FOREIGN_LOCKFILE'],
    ['nothing', 'STEP_NPM_NO_LOCKFILE'],
  ])('is refused with %s in place of a lockfile of npm', async (name, code) => {
    const build = createBuilder().build({ files: { 'package.json': '{}', [name]: '' } });
    await expect(build).rejects.toMatchObject({ code, hint: expect.stringMatching(/\w/) });
  });
});

describe('an updated dependency of a project', () => {
  async function projectWith(version: string): Promise<string> {
    const made = await Promise.all([
      makeTarball({ name: 'direct', version, manifest: { dependencies: { needed: '1' } } }),
      makeTarball({ name: 'needed', version: '1.0.0' }),
    ]);
    useNpmCache(made);
    const entries = made.map((tarball) => [`node_modules/${tarball.name}`, lockEntry(tarball)] as const);
    const manifest = { dependencies: { direct: '1' }, lamella: { base: 'scratch' } };
    return tempDir({ ...projectTexts(manifest, Object.fromEntries(entries)), 'index.js': 'main' });
  }

  it('makes its own layer anew, and those of the lockfile; the others keep their digests', async () => {
    const builder = createBuilder();
    const [before, after] = [
      await builder.build({ context: await projectWith('1.0.0') }),
      await builder.build({ context: await projectWith('1.1.0') }),
    ];
    const made = after.image.config.history?.filter(({ empty_layer }) => empty_layer !== true);
    const changed = made?.filter((_, at) => before.image.layers[at]?.diffId !== after.image.layers[at]?.diffId);
    expect([made?.length, changed?.map(({ created_by }) => created_by)]).toEqual([
      6,
      [
        expect.stringContaining('COPY package.json package-lock.json'),
        expect.stringContaining('(packages that the project asks for)'),
        expect.stringContaining('(links and the lockfile)'),
      ],
    ]);
  });
});

describe('install scripts without a Dockerfile', () => {
  it('end the build with their packages, and three ways on', async () => {
    const { code, message, hint } = await failureOf(await project());
    expect([code, message]).toEqual(['STEP_NPM_SCRIPTS', 'install scripts want to run: native@1.0.0']);
    for (const way of ['--npm-scripts ignore', 'allowScripts', '--npm-scripts sandbox']) expect(hint).toContain(way);
  });

  it('of the project itself are named, too', async () => {
    const manifest = { scripts: { prepare: 'husky' }, allowScripts: { native: false } };
    expect((await failureOf(await project({ manifest }))).message).toContain('prepare of the project');
  });

  it.each([
    ['its name', { native: false }],
    ['a version among others', { 'native@0.9.0 || 1.0.0': false }],
    ['any version', { 'native@*': false }],
  ])('do not run, nor are they asked for, when allowScripts forbids them by %s', async (_what, allowScripts) => {
    const paths = await pathsOf(await project({ manifest: { allowScripts } }));
    expect(paths).toContain('/app/node_modules/native/package.json');
  });

  it.each([
    ['another version', { 'native@1.0.1': false }],
    ['a range, which npm does not accept', { 'native@^1.0.0': false }],
    ['a tag', { 'native@latest': false }],
    ['another package', { plain: false }],
  ])('are asked for when allowScripts names %s', async (_what, allowScripts) => {
    expect((await failureOf(await project({ manifest: { allowScripts } }))).code).toBe('STEP_NPM_SCRIPTS');
  });

  it('may be listed in .npmrc, which package.json overrules', async () => {
    const files = { '.npmrc': 'allow-scripts=other, native\n' };
    // They are allowed: what fails is to run them in an image without files.
    expect((await failureOf(await project({ files }))).code).not.toBe('STEP_NPM_SCRIPTS');
    const manifest = { allowScripts: { native: false } };
    expect(await pathsOf(await project({ files, manifest }))).toContain('/app/node_modules/native/package.json');
  });

  it('are decided by the field lamella, which an option overrules', async () => {
    const context = await project({ manifest: { lamella: { base: 'scratch', scripts: 'ignore' } } });
    expect(await pathsOf(context)).toContain('/app/node_modules/native/package.json');
    expect((await failureOf(context, { npm: { scripts: 'refuse' } })).code).toBe('STEP_NPM_SCRIPTS');
  });

  it('do not run unasked either where npm itself must install', async () => {
    const context = await project({ manifest: { dependencies: { native: '1', plain: '3' } } });
    const { code, message } = await failureOf(context);
    expect([code, message]).toEqual(['STEP_NPM_SCRIPTS', expect.stringMatching(/native@1\.0\.0 .*not in sync/)]);
  });
});

describe('the base of a project', () => {
  async function published() {
    const registry = await startRegistry();
    const amd = await publishImage(registry, 'amd');
    const arm = await publishImage(registry, 'arm', { architecture: 'arm64' });
    const index = formatIndex([
      { ...arm.descriptor, platform: { os: 'linux', architecture: 'arm64' } },
      { ...amd.descriptor, platform: { os: 'linux', architecture: 'amd64' } },
    ]);
    registry.putManifest('base', '1', MediaType.ociIndex, index);
    return { registry, amd, base: `${registry.host}/base:1`, digest: digestOf(index) };
  }

  it('is pinned for all platforms, by the first build, which is equal to the next ones', async () => {
    const { registry, base, digest } = await published();
    const context = await project({ base });
    const builder = createBuilder();
    const first = await builder.build({ context, platform: 'linux/arm64', ...IGNORE });
    expect(JSON.parse(readFileSync(join(context, 'lamella.lock'), 'utf8'))).toEqual({ bases: { [base]: digest } });
    expect(eventsOf(first, 'base-pinned')).toMatchObject([{ reference: base, digest }]);
    await publishImage(registry, 'newer');
    const both = await builder.build({ context, platforms: ['linux/amd64', 'linux/arm64'], ...IGNORE });
    expect(eventsOf(both, 'base-pinned')).toEqual([]);
    expect(both.images.map(({ config }) => config.architecture)).toEqual(['amd64', 'arm64']);
    expect(both.images[1]?.descriptor.digest).toBe(first.image.descriptor.digest);
  });

  it('keeps what else lamella.lock pins', async () => {
    const { base } = await published();
    const other = { 'other:1': `sha256:${'0'.repeat(64)}` };
    const context = await project({ base, files: { 'lamella.lock': JSON.stringify({ bases: other }) } });
    await createBuilder().build({ context, ...IGNORE });
    const { bases } = JSON.parse(readFileSync(join(context, 'lamella.lock'), 'utf8')) as { bases: object };
    expect(Object.keys(bases)).toEqual(['other:1', base]);
  });

  it('is not pinned when it is an image of this machine', async () => {
    const builder = createBuilder();
    const files = { Dockerfile: 'FROM scratch\nLABEL a=b\n' };
    await builder.build({ files, tags: ['my/base:1'] });
    const context = await project({ base: 'my/base:1' });
    await builder.build({ context, ...IGNORE });
    expect(existsSync(join(context, 'lamella.lock'))).toBe(false);
  });

  it('that its registry has no longer is told with the line of lamella.lock', async () => {
    const { base } = await published();
    const bases = { [base]: `sha256:${'1'.repeat(64)}` };
    const context = await project({ base, files: { 'lamella.lock': JSON.stringify({ bases }) } });
    const { code, hint } = await failureOf(context, IGNORE);
    expect([code, hint]).toEqual([
      'REGISTRY_NOT_FOUND',
      expect.stringMatching(/^lamella\.lock .* the line of .*base:1/),
    ]);
  });

  it('that is pinned for one platform alone is not built on for another one', async () => {
    const { base, amd } = await published();
    const bases = { [base]: amd.descriptor.digest };
    const context = await project({ base, files: { 'lamella.lock': JSON.stringify({ bases }) } });
    await createBuilder().build({ context, platform: 'linux/amd64', ...IGNORE });
    const { code, message, hint } = await failureOf(context, { platforms: ['linux/amd64', 'linux/arm64'], ...IGNORE });
    expect(code).toBe('CONTENT_PLATFORM_NOT_FOUND');
    expect(message).toContain('is pinned for linux/amd64 alone, not for linux/arm64');
    expect(hint).toContain('remove the line of');
  });

  it('is refused where lamella.lock is damaged', async () => {
    const context = await project();
    writeFileSync(join(context, 'lamella.lock'), '{"bases":{"scratch":"latest"}}');
    await expect(createBuilder().build({ context })).rejects.toMatchObject({ code: 'CONTEXT_BAD_MANIFEST' });
  });
});
