import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { repositoryName } from '../../src/context/git/repository.ts';
import { type Builder, createBuilder, eventsOf } from '../support/build.ts';
import { createGitRepository } from '../support/git-repository.ts';
import {
  DOCKERFILE,
  FILES,
  failureOf,
  IN_LIB,
  install,
  MANIFEST,
  projectOf,
  reasonOf,
  startRemote,
  type Texts,
} from '../support/npm-git.ts';
import { useNpmCache } from '../support/npm-machine.ts';
import { tempDir } from '../support/temp-dir.ts';

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
