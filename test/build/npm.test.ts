import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type BuildOptions, ociLayout } from '../../src/index.ts';
import { createBuilder, eventsOf, type TestBuild } from '../support/build.ts';
import { type ReadImage, readImageTree } from '../support/image-tree.ts';
import { useNpmCache } from '../support/npm-machine.ts';
import {
  lockEntry,
  type MadePackage,
  makeTarball,
  projectTexts,
  putIntoNpmCache,
  type Tarball,
} from '../support/npm-packages.ts';
import { tempDir } from '../support/temp-dir.ts';

const DOCKERFILE = 'FROM scratch\nWORKDIR /app\nCOPY package*.json ./\nRUN ["npm", "ci"]\n';

const PACKAGES: readonly MadePackage[] = [
  {
    name: 'a',
    version: '1.0.0',
    manifest: { dependencies: { b: '1' }, bin: { go: 'go.js' } },
    files: { 'go.js': 'go' },
  },
  { name: 'b', version: '1.0.0', files: { 'index.js': 'b' } },
];

async function project(made: readonly MadePackage[] = PACKAGES, manifest: object = {}) {
  const tarballs = await Promise.all(made.map(makeTarball));
  const packages = Object.fromEntries(tarballs.map((one) => [`node_modules/${one.name}`, lockEntry(one)]));
  return { tarballs, files: projectTexts({ dependencies: { a: '1' }, ...manifest }, packages) };
}

interface Native extends TestBuild {
  readonly read: ReadImage;
  readonly log: string;
}

function createNative(cacheDir?: string) {
  const builder = createBuilder(cacheDir);
  return async (files: Readonly<Record<string, string>>, options: BuildOptions = {}): Promise<Native> => {
    const layout = join(tempDir(), 'image');
    const { npm, ...rest } = options;
    const all = { Dockerfile: DOCKERFILE, ...files };
    const outputs = [ociLayout(layout)];
    const built = await builder.build({ files: all, outputs, npm: { mode: 'native', ...npm }, ...rest });
    const log = eventsOf(built, 'log')
      .map(({ bytes }) => Buffer.from(bytes).toString())
      .join('');
    return { ...built, read: await readImageTree(layout), log };
  };
}

function modules({ read }: Native): string[] {
  return [...read.paths.keys()]
    .filter((path) => path.startsWith('/app/node_modules/'))
    .map((path) => path.slice(1))
    .sort();
}

describe('RUN npm ci, natively', () => {
  it('makes node_modules in an image without Node, npm or a shell', async () => {
    const { tarballs, files } = await project();
    useNpmCache(tarballs);
    const built = await createNative()(files);
    expect(modules(built)).toEqual([
      'app/node_modules/.bin',
      'app/node_modules/.bin/go',
      'app/node_modules/.package-lock.json',
      'app/node_modules/a',
      'app/node_modules/a/go.js',
      'app/node_modules/a/package.json',
      'app/node_modules/b',
      'app/node_modules/b/index.js',
      'app/node_modules/b/package.json',
    ]);
    expect(built.read.paths.get('/app/node_modules/a/go.js')).toMatchObject({ mode: '0755', uid: 0, gid: 0 });
  });

  it('says which of its layers each one is, and takes them from the cache', async () => {
    const { tarballs, files } = await project();
    useNpmCache(tarballs);
    const build = createNative();
    const first = await build(files);
    const parts = first.image.config.history?.flatMap(({ created_by }) => created_by?.match(/\((.*)\)$/)?.[1] ?? []);
    expect(parts).toEqual([
      'packages that others need',
      'packages that the project asks for',
      'links and the lockfile',
    ]);
    const second = await build(files);
    expect(second.image.descriptor.digest).toBe(first.image.descriptor.digest);
    expect(eventsOf(second, 'layer-written')).toEqual([]);
    expect(eventsOf(second, 'step-cached').filter(({ step }) => step.text.includes('npm'))).toHaveLength(1);
  });

  it('makes only the layer of an updated package, and that of the lockfile, anew', async () => {
    const before = await project();
    const after = await project([{ ...PACKAGES[0], name: 'a', version: '1.1.0' }, ...PACKAGES.slice(1)]);
    useNpmCache([...before.tarballs, ...after.tarballs]);
    const build = createNative();
    const first = await build(before.files);
    const second = await build(after.files);
    const diffIds = ({ image }: Native) => image.layers.slice(-3).map(({ diffId }) => diffId);
    const same = diffIds(second).map((diffId, index) => diffId === diffIds(first)[index]);
    expect(same).toEqual([true, false, false]);
    expect(eventsOf(second, 'layer-written').filter(({ step }) => step.text.includes('npm'))).toHaveLength(2);
  });

  it('makes the same bytes with another cache, from other folders', async () => {
    const { tarballs, files } = await project();
    useNpmCache(tarballs);
    const first = await createNative()(files);
    useNpmCache(tarballs);
    const second = await createNative()(files);
    expect(second.image.descriptor.digest).toBe(first.image.descriptor.digest);
  });

  it('makes as many layers as are asked for', async () => {
    const { tarballs, files } = await project();
    useNpmCache(tarballs);
    const one = await createNative()(files, { npm: { layers: 1 } });
    expect(one.image.layers).toHaveLength(3);
    expect(one.image.config.history?.at(-1)?.created_by).not.toContain('(');
  });

  it('gives the files to the user of the step, who must be able to write there', async () => {
    const { tarballs, files } = await project();
    useNpmCache(tarballs);
    const build = createNative();
    const owned = DOCKERFILE.replace('WORKDIR', 'USER 7:8\nWORKDIR');
    const built = await build({ ...files, Dockerfile: owned });
    expect(built.read.paths.get('/app/node_modules/b/index.js')).toMatchObject({ uid: 7, gid: 8 });
  });

  it('empties what is in node_modules before', async () => {
    const { tarballs, files } = await project();
    useNpmCache(tarballs);
    const Dockerfile = DOCKERFILE.replace('RUN', 'COPY old node_modules\nRUN');
    const built = await createNative()({ ...files, Dockerfile, 'old/junk/file': 'x', 'old/.keep': '' });
    expect(modules(built).filter((path) => /junk|keep/.test(path))).toEqual([]);
    expect(modules(built)).toContain('app/node_modules/b/index.js');
  });

  it('leaves development dependencies out when NODE_ENV says so', async () => {
    const { tarballs } = await project();
    const [a, b] = tarballs as [Tarball, Tarball];
    useNpmCache(tarballs);
    const files = projectTexts(
      { dependencies: { b: '1' }, devDependencies: { a: '1' } },
      { 'node_modules/a': lockEntry(a, { dev: true }), 'node_modules/b': lockEntry(b) },
    );
    const Dockerfile = DOCKERFILE.replace('WORKDIR', 'ENV NODE_ENV=production\nWORKDIR');
    const built = await createNative()({ ...files, Dockerfile });
    expect(modules(built).filter((path) => path.startsWith('app/node_modules/a'))).toEqual([]);
  });

  it('reads package.json and the lockfile through bind mounts, too', async () => {
    const { tarballs, files } = await project();
    useNpmCache(tarballs);
    const mounts = ['package.json', 'package-lock.json'].map(
      (name) => `--mount=type=bind,source=${name},target=${name}`,
    );
    const Dockerfile = `FROM scratch\nWORKDIR /app\nRUN ${mounts.join(' ')} --mount=type=cache,target=/root/.npm ["npm", "ci"]\n`;
    const built = await createNative()({ ...files, Dockerfile });
    expect(modules(built)).toContain('app/node_modules/b/index.js');
  });
});

describe('tarballs', () => {
  async function serve(tarballs: readonly Tarball[], token?: string) {
    const requests: string[] = [];
    const server = createServer((request, response) => {
      requests.push(`${request.url} ${request.headers.authorization ?? ''}`.trim());
      const found = tarballs.find(({ name }) => request.url?.startsWith(`/${name}/`));
      if (token !== undefined && request.headers.authorization !== `Bearer ${token}`) response.writeHead(401).end();
      else if (found === undefined) response.writeHead(404).end();
      else response.writeHead(200).end(found.bytes);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => new Promise<void>((resolve) => void server.close(() => resolve())));
    return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
  }

  function withoutAddresses(files: { 'package.json': string; 'package-lock.json': string }) {
    const lock = files['package-lock.json'].replaceAll(/"resolved":"[^"]*",/g, '');
    return { ...files, 'package-lock.json': lock };
  }

  const WITH_NPMRC = DOCKERFILE.replace('package*.json', 'package*.json .npmrc');

  it('come from the registry of the project, with the credentials of the machine, which are nowhere in the image', async () => {
    const { tarballs, files } = await project();
    const { host, requests } = await serve(tarballs, 'very-secret');
    const cache = useNpmCache([]);
    writeFileSync(join(cache, 'npmrc'), `//${host}/:_authToken=very-secret\n`);
    const npmrc = `registry=http://${host}/\n`;
    const built = await createNative()({ ...withoutAddresses(files), '.npmrc': npmrc, Dockerfile: WITH_NPMRC });
    expect(modules(built)).toContain('app/node_modules/b/index.js');
    expect(requests).toHaveLength(2);
    expect(JSON.stringify([built.events, built.image])).not.toContain('very-secret');
  });

  it.each([
    ['that the registry lacks', (): Tarball[] => []],
    ['that is not at hand without a network', undefined],
  ])('%s is an error that names the package', async (_what, served) => {
    const { tarballs, files } = await project();
    const { host } = served === undefined ? { host: '127.0.0.1:9' } : await serve(served());
    useNpmCache(tarballs.slice(0, 1));
    const npmrc = `registry=http://${host}/\n`;
    await expect(
      createNative()({ ...withoutAddresses(files), '.npmrc': npmrc, Dockerfile: WITH_NPMRC }),
    ).rejects.toMatchObject({ code: 'STEP_NPM_TARBALL_MISSING', message: expect.stringContaining('b@1.0.0') });
  });

  it('are refused when they are not what the lockfile says', async () => {
    const { tarballs, files } = await project();
    const other = await makeTarball({ name: 'b', version: '1.0.0', files: { 'index.js': 'evil' } });
    const { host } = await serve([...tarballs.slice(0, 1), other]);
    useNpmCache([]);
    const npmrc = `registry=http://${host}/\n`;
    await expect(
      createNative()({ ...withoutAddresses(files), '.npmrc': npmrc, Dockerfile: WITH_NPMRC }),
    ).rejects.toMatchObject({ code: 'CONTENT_DIGEST_MISMATCH', message: expect.stringContaining('b@1.0.0') });
  });

  it('that are damaged in the cache are fetched again', async () => {
    const { tarballs, files } = await project();
    const { host, requests } = await serve(tarballs);
    const cache = useNpmCache([]);
    const [first, second] = tarballs as [Tarball, Tarball];
    putIntoNpmCache(cache, first);
    putIntoNpmCache(cache, { ...second, bytes: second.bytes });
    const broken = await makeTarball({ name: 'b', version: '1.0.0', files: { 'index.js': 'b' } });
    expect(broken.integrity).toBe(second.integrity);
    damage(cache, second);
    const npmrc = `registry=http://${host}/\n`;
    await createNative()({ ...withoutAddresses(files), '.npmrc': npmrc, Dockerfile: WITH_NPMRC });
    expect(requests).toHaveLength(1);
  });

  function damage(cache: string, { integrity }: Tarball): void {
    const hex = Buffer.from(integrity.slice('sha512-'.length), 'base64').toString('hex');
    const path = join(cache, '_cacache', 'content-v2', 'sha512', hex.slice(0, 2), hex.slice(2, 4), hex.slice(4));
    writeFileSync(path, 'damaged');
  }

  it('may be files of the project', async () => {
    const { tarballs } = await project();
    const b = tarballs[1] as Tarball;
    useNpmCache([]);
    const files = projectTexts(
      { dependencies: { b: 'file:vendor/b.tgz' } },
      { 'node_modules/b': lockEntry(b, { resolved: 'file:vendor/b.tgz' }) },
    );
    const context = tempDir({
      ...files,
      Dockerfile: DOCKERFILE.replace('RUN', 'COPY vendor vendor\nRUN'),
      'vendor/b.tgz': b.bytes,
    });
    const layout = join(tempDir(), 'image');
    await createBuilder().build({ context, outputs: [ociLayout(layout)], npm: { mode: 'native' } });
    expect((await readImageTree(layout)).paths.has('/app/node_modules/b/index.js')).toBe(true);
  });
});

describe('an installation that is left to npm', () => {
  /** Running it fails at once in an image without files; what is asked is what is said before. */
  async function reasonOf(files: Readonly<Record<string, string>>, options: BuildOptions = {}): Promise<string> {
    const said: string[] = [];
    await createNative()(files, {
      ...options,
      onEvent: (event) => {
        if (event.type !== 'log') return;
        const text = Buffer.from(event.bytes).toString();
        if (text.startsWith('lamella: ')) said.push(text);
        throw new Error('said');
      },
    }).catch((error: Error) => expect(error.message).toBe('said'));
    return said.join('');
  }

  it('says that other words are in the command', async () => {
    const { tarballs, files } = await project();
    useNpmCache(tarballs);
    const Dockerfile = DOCKERFILE.replace('["npm", "ci"]', 'npm ci && npm test');
    expect(await reasonOf({ ...files, Dockerfile })).toContain('because the command has other words');
  });

  it.each([
    ['its own scripts', PACKAGES, { scripts: { postinstall: 'x' } }, /postinstall of the project/],
    [
      'scripts of packages',
      [{ ...PACKAGES[0], manifest: { scripts: { install: 'x' } } }, PACKAGES[1]],
      {},
      /a@1\.0\.0/,
    ],
  ])('says that there are %s', async (_what, made, manifest, expected) => {
    const { tarballs, files } = await project(made as MadePackage[], manifest);
    useNpmCache(tarballs);
    expect(await reasonOf(files)).toMatch(expected);
  });

  it.each([
    ['--ignore-scripts', '["npm", "ci", "--ignore-scripts"]', {}, {}],
    ['the policy', '["npm", "ci"]', { scripts: 'ignore' }, {}],
    ['allowScripts', '["npm", "ci"]', {}, { allowScripts: { a: false } }],
  ])('is not one when scripts do not run by %s', async (_what, command, npm, manifest) => {
    const withScript = [{ ...PACKAGES[0], manifest: { scripts: { install: 'x' } } }, PACKAGES[1]] as MadePackage[];
    const { tarballs, files } = await project(withScript, manifest);
    useNpmCache(tarballs);
    const Dockerfile = DOCKERFILE.replace('["npm", "ci"]', command);
    const built = await createNative()({ ...files, Dockerfile }, { npm: npm as NonNullable<BuildOptions['npm']> });
    expect(modules(built)).toContain('app/node_modules/a/package.json');
  });

  describe('when engines are strict', () => {
    const HEADER = '#define NODE_MAJOR_VERSION 24\n#define NODE_MINOR_VERSION 1\n#define NODE_PATCH_VERSION 0\n';
    const withHeader = DOCKERFILE.replace('RUN', 'COPY node.h /usr/local/include/node/node_version.h\nRUN');
    const withVariable = DOCKERFILE.replace('RUN', 'ENV NODE_VERSION=24.1.0\nRUN');
    const strict = async (wanted: string, dockerfile: string) => {
      const made = [{ ...PACKAGES[0], manifest: { engines: { node: wanted } } }, PACKAGES[1]] as MadePackage[];
      const { tarballs, files } = await project(made);
      useNpmCache(tarballs);
      const Dockerfile = dockerfile.replace('["npm", "ci"]', '["npm", "ci", "--engine-strict"]');
      return { ...files, Dockerfile, 'node.h': HEADER };
    };

    it.each([
      ['its variable', withVariable],
      ['its header', withHeader],
    ])('says which package wants another Node, which is known by %s', async (_what, dockerfile) => {
      expect(await reasonOf(await strict('>=26', dockerfile))).toContain('a@1.0.0 wants {"node":">=26"}');
      const built = await createNative()(await strict('>=24', dockerfile));
      expect(modules(built)).toContain('app/node_modules/a/package.json');
    });

    it('says that nothing tells which Node it is', async () => {
      expect(await reasonOf(await strict('>=24', DOCKERFILE))).toContain('nothing says which Node');
    });
  });

  it('says that the lockfile is not npm’s', async () => {
    useNpmCache([]);
    const Dockerfile = DOCKERFILE.replace('package*.json', 'package.json yarn.lock');
    expect(await reasonOf({ Dockerfile, 'package.json': '{}', 'yarn.lock': '' })).toContain('yarn.lock');
  });

  describe.each([9, 10, 11, 12])('by npm %i of the image', (major) => {
    const LEFT_OUT = '["npm", "ci", "--omit=dev"]';
    const Dockerfile = DOCKERFILE.replace('RUN', 'COPY npm.json /usr/local/lib/node_modules/npm/package.json\nRUN');
    const image = { 'npm.json': JSON.stringify({ version: `${major}.1.2` }) };

    it('says so where that would make something else of what is left out', async () => {
      const { tarballs } = await project();
      useNpmCache(tarballs);
      const [a, b] = tarballs as [Tarball, Tarball];
      const files = projectTexts(
        { dependencies: { b: '1' }, devDependencies: { a: '1' } },
        { 'node_modules/a': lockEntry(a, { dev: true }), 'node_modules/b': lockEntry(b) },
      );
      const omitting = { ...files, ...image, Dockerfile: Dockerfile.replace('["npm", "ci"]', LEFT_OUT) };
      if (major < 11) expect(await reasonOf(omitting)).toContain(`npm ${major}.1.2 of the image`);
      else expect(modules(await createNative()(omitting))).toContain('app/node_modules/b/index.js');
    });

    it('is not one where the whole lockfile is installed', async () => {
      const { tarballs, files } = await project();
      useNpmCache(tarballs);
      const whole = { ...files, ...image, Dockerfile };
      if (major < 10) expect(await reasonOf(whole)).toContain('makes another tree');
      else expect(modules(await createNative()(whole))).toContain('app/node_modules/b/index.js');
    });
  });

  it('says that the user may not write', async () => {
    const { tarballs, files } = await project();
    useNpmCache(tarballs);
    const Dockerfile = DOCKERFILE.replace('RUN', 'USER 7\nRUN');
    expect(await reasonOf({ ...files, Dockerfile })).toContain('may not write to /app');
  });

  it('says nothing when nobody asked for it', async () => {
    const { tarballs, files } = await project();
    useNpmCache(tarballs);
    expect(await reasonOf(files, { npm: { mode: 'off' } })).toBe('');
  });
});
