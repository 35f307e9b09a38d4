import { existsSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { BuildOptions } from '../../src/build/options.ts';
import { repositoryName } from '../../src/context/git/repository.ts';
import { ociLayout } from '../../src/index.ts';
import { type Builder, createBuilder, eventsOf } from '../support/build.ts';
import { type FileServer, startFileServer } from '../support/file-server.ts';
import { createGitRepository, type GitRepository } from '../support/git-repository.ts';
import { readImageTree } from '../support/image-tree.ts';
import { useNpmCache } from '../support/npm-machine.ts';
import { projectTexts } from '../support/npm-packages.ts';
import { tempDir } from '../support/temp-dir.ts';

interface Remote extends FileServer {
  readonly root: string;
  readonly repository: GitRepository;
  /** As a lockfile has it, without a commit. */
  readonly address: string;
}

const MANIFEST = { name: 'a', version: '1.0.0', files: ['lib'] };
const FILES = { 'package.json': JSON.stringify(MANIFEST), 'lib/a.js': 'a', 'test/a.js': 't' };

/** A repository `a.git`, served over HTTP to machines whose npm has nothing. */
async function startRemote(): Promise<Remote> {
  useNpmCache([]);
  const root = tempDir();
  const server = await startFileServer(() => undefined, root);
  return {
    ...server,
    root,
    repository: createGitRepository(join(root, 'a.git')),
    address: `git+${server.url}/git/a.git`,
  };
}

type Texts = Readonly<Record<string, string>>;

function projectOf(resolved: string, more: object = {}): Texts {
  const entry = { version: '1.0.0', resolved };
  return projectTexts({ dependencies: { a: resolved }, ...more }, { 'node_modules/a': entry });
}

const DOCKERFILE = 'FROM scratch\nWORKDIR /app\nCOPY package*.json ./\nRUN ["npm", "ci"]\n';

async function install(builder: Builder, files: Texts, options: BuildOptions = {}) {
  const layout = join(tempDir(), 'layout');
  const { npm, ...rest } = options;
  const built = await builder.build({
    files: { Dockerfile: DOCKERFILE, ...files },
    outputs: [ociLayout(layout)],
    npm: { mode: 'native', ...npm },
    ...rest,
  });
  const { paths } = await readImageTree(layout);
  const names = [...paths.keys()].filter((path) => path.startsWith('/app/node_modules/a/')).sort();
  return { ...built, names, paths };
}

/** What the log says before the command would run, which it cannot in an image without files. */
async function reasonOf(builder: Builder, files: Texts, options: BuildOptions = {}): Promise<string> {
  let said = '';
  const onEvent: BuildOptions['onEvent'] = (event) => {
    if (event.type !== 'log') return;
    said = Buffer.from(event.bytes).toString();
    throw new Error('said');
  };
  await install(builder, files, { ...options, onEvent }).catch((error: Error) => expect(error.message).toBe('said'));
  return said;
}

async function failureOf(work: Promise<unknown>): Promise<{ code: string; message: string; hint: string }> {
  return await work.then(
    () => expect.unreachable('it did not fail'),
    (error) => error,
  );
}

const IN_LIB = ['/app/node_modules/a/lib', '/app/node_modules/a/lib/a.js', '/app/node_modules/a/package.json'];

describe('a dependency from git', () => {
  it('is packed as npm does, into an image without npm or git', async () => {
    const { repository, address } = await startRemote();
    const { names } = await install(createBuilder(), projectOf(`${address}#${repository.commit(FILES)}`));
    expect(names).toEqual(IN_LIB);
  });

  it('has submodules, when its host is none that npm takes archives from', async () => {
    const { root, repository, address } = await startRemote();
    createGitRepository(join(root, 'sub.git')).commit({ 's.js': 's' });
    repository.commit({ 'package.json': JSON.stringify({ name: 'a', version: '1.0.0' }) });
    repository.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', '../sub.git', 'sub');
    repository.git('config', '--file', '.gitmodules', 'submodule.sub.url', '../sub.git');
    const { names } = await install(createBuilder(), projectOf(`${address}#${repository.commit({})}`));
    expect(names).toContain('/app/node_modules/a/sub/s.js');
  });

  it('makes the same image with another cache, and without the network from its own', async () => {
    const { repository, address, requests } = await startRemote();
    const files = projectOf(`${address}#${repository.commit(FILES)}`);
    const builder = createBuilder();
    const [first, other] = [await install(builder, files), await install(createBuilder(), files)];
    expect(other.image.descriptor.digest).toBe(first.image.descriptor.digest);
    const asked = requests.length;
    const again = await install(builder, files, { offline: true });
    expect([again.image.descriptor.digest, again.executed]).toEqual([first.image.descriptor.digest, 0]);
    const anew = await install(builder, files, { offline: true, noCache: true });
    expect([anew.image.descriptor.digest, requests.length]).toEqual([first.image.descriptor.digest, asked]);
  });

  it('keeps its layer when something else changes, without being fetched', async () => {
    const { repository, address, requests } = await startRemote();
    const resolved = `${address}#${repository.commit(FILES)}`;
    const builder = createBuilder();
    await install(builder, projectOf(resolved));
    const asked = requests.length;
    const later = await install(builder, projectOf(resolved, { description: 'changed' }), { offline: true });
    const written = eventsOf(later, 'layer-written').filter(({ step }) => step.text.includes('npm'));
    expect([written, requests.length]).toEqual([[], asked]);
  });

  it('that is new makes its layer anew', async () => {
    const { repository, address } = await startRemote();
    const builder = createBuilder();
    await install(builder, projectOf(`${address}#${repository.commit(FILES)}`));
    const commit = repository.commit({ 'lib/b.js': 'b' });
    expect((await install(builder, projectOf(`${address}#${commit}`))).names).toContain('/app/node_modules/a/lib/b.js');
  });
});

describe('a dependency from git that npm would prepare', () => {
  const SCRIPTS = {
    ...FILES,
    'package.json': JSON.stringify({ ...MANIFEST, scripts: { prepare: 'tsc', build: 'x' } }),
  };
  const EXPECTED = /a@1\.0\.0 .*npm would prepare it first: prepare, build/;

  it.each(['container', 'sandbox'] as const)('is left to npm, by name, with scripts: %s', async (scripts) => {
    const { repository, address } = await startRemote();
    const files = projectOf(`${address}#${repository.commit(SCRIPTS)}`);
    expect(await reasonOf(createBuilder(), files, { npm: { scripts } })).toMatch(EXPECTED);
  });

  it('is refused, with the ways on', async () => {
    const { repository, address } = await startRemote();
    const files = projectOf(`${address}#${repository.commit(SCRIPTS)}`);
    const error = await failureOf(install(createBuilder(), files, { npm: { scripts: 'refuse' } }));
    expect([error.code, error.message]).toEqual(['STEP_NPM_GIT_SCRIPTS', expect.stringMatching(EXPECTED)]);
    for (const way of ['--npm-scripts ignore', '--npm-scripts sandbox']) expect(error.hint).toContain(way);
  });

  it('is refused also where npm itself would have to install for another reason', async () => {
    const { repository, address } = await startRemote();
    const files = projectOf(`${address}#${repository.commit(FILES)}`, { dependencies: { b: '1' } });
    const { code, message } = await failureOf(install(createBuilder(), files, { npm: { scripts: 'refuse' } }));
    expect([code, message]).toEqual(['STEP_NPM_SCRIPTS', expect.stringMatching(/a@1\.0\.0 .*not in sync/)]);
  });

  it.each([
    ['the policy', { npm: { scripts: 'ignore' } }, DOCKERFILE],
    ['the command', {}, DOCKERFILE.replace('"ci"', '"ci", "--ignore-scripts"')],
  ] as const)('is packed as it is when %s says that no script runs', async (_who, options, Dockerfile) => {
    const { repository, address } = await startRemote();
    const files = { ...projectOf(`${address}#${repository.commit(SCRIPTS)}`), Dockerfile };
    expect((await install(createBuilder(), files, options)).names).toEqual(IN_LIB);
  });

  it('is left to npm nevertheless when it bundles what npm would install', async () => {
    const { repository, address } = await startRemote();
    const bundling = { ...MANIFEST, scripts: { build: 'x' }, bundleDependencies: ['b'] };
    const commit = repository.commit({ ...FILES, 'package.json': JSON.stringify(bundling) });
    const Dockerfile = DOCKERFILE.replace('"ci"', '"ci", "--ignore-scripts"');
    expect(await reasonOf(createBuilder(), { ...projectOf(`${address}#${commit}`), Dockerfile })).toContain('build');
  });
});

describe('a dependency from git that cannot be had', () => {
  const NOWHERE = '0123456789012345678901234567890123456789';

  it('is left to npm for now, and tried again by the next build', async () => {
    const { repository, address } = await startRemote();
    const commit = repository.commit(FILES);
    repository.git('config', 'http.uploadpack', 'false');
    const builder = createBuilder();
    const files = projectOf(`${address}#${commit}`);
    expect(await reasonOf(builder, files)).toContain('a@1.0.0');
    repository.git('config', 'http.uploadpack', 'true');
    expect((await install(builder, files)).names).toEqual(IN_LIB);
  });

  it('ends a build that is offline, or lets no script run', async () => {
    const { repository, address } = await startRemote();
    repository.commit(FILES);
    const files = projectOf(`${address}#${NOWHERE}`);
    const offline = await failureOf(install(createBuilder(), files, { offline: true }));
    expect([offline.code, offline.message]).toEqual(['STEP_NPM_GIT_MISSING', expect.stringContaining('offline')]);
    const refused = await failureOf(install(createBuilder(), files, { npm: { scripts: 'refuse' } }));
    expect([refused.code, refused.message]).toEqual(['STEP_NPM_GIT_MISSING', expect.stringContaining(NOWHERE)]);
  });

  it('ends a build of a project without a Dockerfile', async () => {
    const { address } = await startRemote();
    const context = tempDir({
      ...projectOf(`${address}#${NOWHERE}`, { lamella: { base: 'scratch' } }),
      'index.js': '',
    });
    const { code } = await failureOf(createBuilder().build({ context, npm: { scripts: 'ignore' } }));
    expect(code).toBe('STEP_NPM_GIT_MISSING');
  });
});

describe('a dependency from git that only npm can take', () => {
  it.each([
    ['git+file:///srv/a.git#0123456789012345678901234567890123456789', 'names no commit that can be fetched'],
    ['git+https://code.invalid/a.git#main', 'names no commit'],
    ['git+ssh://-oProxyCommand=x/a.git#0123456789012345678901234567890123456789', 'a@1.0.0'],
  ])('is %s', async (resolved, expected) => {
    useNpmCache([]);
    expect(await reasonOf(createBuilder(), projectOf(resolved))).toContain(expected);
  });

  it.each([
    [{ 'README.md': 'x' }, 'no package.json'],
    [{ 'package.json': '{"patchedDependencies":{}}' }, 'patchedDependencies'],
  ])('has %j', async (made, expected) => {
    const { repository, address } = await startRemote();
    const files = projectOf(`${address}#${repository.commit(made)}`);
    expect(await reasonOf(createBuilder(), files)).toContain(expected);
  });

  it.each([
    [11, '', true],
    [12, '', false],
    [12, 'allow-git=root', true],
    [11, 'allow-git=none', false],
  ])('is forbidden by npm %i with the setting %j, or not: %s', async (major, npmrc, isAllowed) => {
    const { repository, address } = await startRemote();
    const COPY = 'COPY npm.json /usr/local/lib/node_modules/npm/package.json\nCOPY .npmrc .\nRUN';
    const Dockerfile = DOCKERFILE.replace('RUN', COPY);
    const image = { Dockerfile, '.npmrc': npmrc, 'npm.json': JSON.stringify({ version: `${major}.0.0` }) };
    const files = { ...projectOf(`${address}#${repository.commit(FILES)}`), ...image };
    if (isAllowed) expect((await install(createBuilder(), files)).names).toEqual(IN_LIB);
    else expect(await reasonOf(createBuilder(), files)).toContain('allow-git=none forbids');
  });
});

describe('a dependency from a host that npm knows', () => {
  const PLACE = 'github.com/team/a.git';

  /** What an earlier build fetched from there. */
  function seed(builder: Builder, remote: string, files: Texts): string {
    const source = createGitRepository(tempDir());
    const commit = source.commit(files);
    const path = join(builder.cacheDir, 'git', repositoryName(remote));
    source.git('clone', '--quiet', '--bare', source.path, path);
    source.git('-C', path, 'update-ref', `refs/lamella/${commit}`, commit);
    return `git+ssh://git@${PLACE}#${commit}`;
  }

  it.each([`https://${PLACE}`, `ssh://git@${PLACE}`])('is found where it was fetched, at %s', async (remote) => {
    useNpmCache([]);
    const builder = createBuilder();
    const files = projectOf(seed(builder, remote, FILES));
    expect((await install(builder, files, { offline: true })).names).toEqual(IN_LIB);
  });

  it.each([
    [{ '.gitattributes': 'test export-ignore\n' }, '.gitattributes change'],
    [{ 'lib/.gitattributes': '*.js export-subst\n' }, '.gitattributes change'],
    [{ '.gitmodules': '' }, 'submodules'],
  ])('is left to npm where the archive of its host has other files: %j', async (more, expected) => {
    useNpmCache([]);
    const builder = createBuilder();
    const files = projectOf(seed(builder, `https://${PLACE}`, { ...FILES, ...more }));
    expect(await reasonOf(builder, files, { offline: true })).toContain(expected);
  });
});

describe('credentials for git', () => {
  it('are those of the host that is asked, and stand nowhere in the image', async () => {
    const { repository, address, url, requests } = await startRemote();
    const files = projectOf(`${address}#${repository.commit(FILES)}`);
    const ofAll = [
      { id: 'GIT_AUTH_TOKEN', value: 'everybody' },
      { id: 'GIT_AUTH_TOKEN.code.invalid', value: 'other' },
    ];
    await install(createBuilder(), files, { secrets: ofAll });
    expect(requests.some(({ headers }) => headers.authorization !== undefined)).toBe(false);
    const own = [{ id: `GIT_AUTH_TOKEN.${new URL(url).host}`, value: 'sesame' }];
    const { paths } = await install(createBuilder(), files, { secrets: own });
    const expected = `Basic ${Buffer.from('x-access-token:sesame').toString('base64')}`;
    expect(requests.at(-1)?.headers.authorization).toBe(expected);
    expect(JSON.stringify([...paths])).not.toMatch(/sesame|c2VzYW1l/);
  });
});

describe('a hostile repository', () => {
  /** A tree that git itself would not make. */
  function commitTree(repository: GitRepository, name: string): string {
    const blob = repository.commit({ ...FILES, x: 'escaped' }) && repository.git('rev-parse', 'HEAD:x');
    const manifest = repository.git('rev-parse', 'HEAD:package.json');
    const entries = [`100644 ${name}`, '100644 package.json'].map((entry, at) =>
      Buffer.concat([Buffer.from(`${entry}\0`), Buffer.from(at === 0 ? blob : manifest, 'hex')]),
    );
    const tree = join(tempDir(), 'tree');
    writeFileSync(tree, Buffer.concat(entries));
    const id = repository.git('hash-object', '-t', 'tree', '--literally', '-w', tree);
    const commit = repository.git('commit-tree', '-m', 'x', id);
    repository.git('update-ref', 'refs/heads/main', commit);
    return commit;
  }

  it.each(['..', '.git', '../escaped'])('with an entry called %j puts nothing anywhere', async (name) => {
    const { repository, address } = await startRemote();
    const builder = createBuilder();
    const commit = commitTree(repository, name);
    const error = await failureOf(install(builder, projectOf(`${address}#${commit}`), { npm: { scripts: 'refuse' } }));
    expect(error.code).toBe('STEP_NPM_GIT_MISSING');
    expect(existsSync(join(builder.cacheDir, 'escaped'))).toBe(false);
  });

  it('with a submodule outside of it, or one that is a program, is not fetched', async () => {
    const { repository, address } = await startRemote();
    const mark = join(tempDir(), 'ran');
    repository.commit(FILES);
    for (const url of [`ext::sh -c "touch ${mark}"`, repository.path]) {
      repository.git('update-index', '--add', '--cacheinfo', `160000,${'1'.repeat(40)},sub`);
      const text = `[submodule "../../x"]\n\tpath = sub\n\turl = ${url}\n[submodule "sub"]\n\tpath = sub\n\turl = ${url}\n`;
      repository.git('rm', '--quiet', '--cached', '--ignore-unmatch', '.gitmodules');
      writeFileSync(join(repository.path, '.gitmodules'), text);
      repository.git('add', '.gitmodules');
      repository.git('commit', '--quiet', '--message', 'x');
      const files = projectOf(`${address}#${repository.git('rev-parse', 'HEAD')}`);
      const { code } = await failureOf(install(createBuilder(), files, { npm: { scripts: 'refuse' } }));
      expect(code).toBe('STEP_NPM_GIT_MISSING');
    }
    expect(existsSync(mark)).toBe(false);
  });

  it('whose package.json is a link has none, and nothing behind its links is read', async () => {
    const { repository, address } = await startRemote();
    repository.commit({ 'lib/a.js': 'a' });
    for (const name of ['package.json', '.npmignore', 'lib/.gitattributes']) {
      symlinkSync('/dev/zero', join(repository.path, name));
    }
    const files = projectOf(`${address}#${repository.commit({})}`);
    expect(await reasonOf(createBuilder(), files)).toContain('no package.json');
  });

  it('whose attributes name filters runs none of them', async () => {
    const { repository, address } = await startRemote();
    const mark = join(tempDir(), 'ran');
    const config = `[filter "x"]\n\tsmudge = touch ${mark}\n\trequired\n`;
    const attributes = { 'lib/.gitattributes': '* filter=x\n', '.gitattributes': '* filter=x\n', '.gitconfig': config };
    const commit = repository.commit({
      ...FILES,
      ...attributes,
      '.git-hooks/post-checkout': `#!/bin/sh\ntouch ${mark}\n`,
    });
    expect((await install(createBuilder(), projectOf(`${address}#${commit}`))).names).toContain(IN_LIB[1]);
    expect(existsSync(mark)).toBe(false);
  });
});
