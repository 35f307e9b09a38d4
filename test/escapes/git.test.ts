import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ociLayout } from '../../src/index.ts';
import { createBuilder } from '../support/build.ts';
import { startFileServer } from '../support/file-server.ts';
import { createGitRepository, type GitRepository } from '../support/git-repository.ts';
import { readImageTree } from '../support/image-tree.ts';
import { tempDir } from '../support/temp-dir.ts';

/** Says that a program was run that only the context names. */
interface Trap {
  readonly command: string;
  isSprung(): boolean;
}

function setTrap(): Trap {
  const mark = join(tempDir(), 'sprung');
  return { command: `touch ${mark}`, isSprung: () => existsSync(mark) };
}

/** More files than it takes to have git asked for the names of their contents. */
const FILES = Object.fromEntries(Array.from({ length: 220 }, (_, at) => [`f${at}`, `${at}`]));
const COPY_ALL = 'FROM scratch\nCOPY . /\n';

const configurations: readonly (readonly [string, (command: string, repository: GitRepository) => void])[] = [
  ['a file system monitor', (command, { git }) => void git('config', 'core.fsmonitor', `${command}; false`)],
  [
    'hooks',
    (command, { path, git }) => {
      for (const name of ['post-index-change', 'post-checkout', 'reference-transaction']) {
        writeFileSync(join(path, 'hooks', name), `#!/bin/sh\n${command}\n`, { mode: 0o755 });
      }
      git('config', 'core.hooksPath', join(path, 'hooks'));
    },
  ],
  [
    'filters',
    (command, { git }) => {
      git('config', 'filter.x.clean', command);
      git('config', 'filter.x.smudge', command);
      git('config', 'filter.x.process', command);
    },
  ],
  [
    'a remote that objects are fetched from',
    (command, repository) => {
      loseAttributes(repository);
      const remote = { url: repository.path, promisor: 'true', uploadpack: `${command}; git-upload-pack` };
      for (const [key, value] of Object.entries(remote)) repository.git('config', `remote.origin.${key}`, value);
    },
  ],
  [
    'a remote that is a program',
    (command, repository) => {
      loseAttributes(repository);
      const remote = { url: `ext::sh -c '${command}'`, promisor: 'true' };
      for (const [key, value] of Object.entries(remote)) repository.git('config', `remote.origin.${key}`, value);
      repository.git('config', 'protocol.ext.allow', 'always');
    },
  ],
];

/** Git looks for attributes among its objects then, and fetches one that is missing from where it was promised. */
function loseAttributes({ path, git }: GitRepository): void {
  const id = git('rev-parse', ':.gitattributes');
  for (const [key, value] of [
    ['core.repositoryFormatVersion', '1'],
    ['extensions.partialClone', 'origin'],
  ] as const) {
    git('config', key, value);
  }
  rmSync(join(path, '.git/objects', id.slice(0, 2), id.slice(2)), { force: true });
  rmSync(join(path, '.gitattributes'));
}

describe('a build context with a repository whose configuration has', () => {
  test.each(configurations)('%s is built, and nothing of that is run', async (_, configure) => {
    const trap = setTrap();
    const repository = createGitRepository(tempDir({ 'hooks/': '' }));
    repository.commit({ ...FILES, Dockerfile: COPY_ALL, '.gitattributes': '* filter=x\n' });
    configure(trap.command, repository);
    await createBuilder().build({ context: repository.path });
    expect(trap.isSprung()).toBe(false);
  });

  test('a monitor, and lies bare among its files, is built, and nothing of that is run', async () => {
    const trap = setTrap();
    const context = tempDir({ Dockerfile: COPY_ALL });
    const repository = createGitRepository(join(context, 'a'));
    repository.commit(FILES);
    repository.git('config', 'core.fsmonitor', `${trap.command}; false`);
    repository.git('config', 'core.worktree', '.');
    const bare = join(context, 'b');
    renameSync(join(repository.path, '.git'), bare);
    for (const [name, text] of Object.entries(FILES)) writeFileSync(join(bare, name), text);
    rmSync(repository.path, { recursive: true });
    await createBuilder().build({ context });
    expect(trap.isSprung()).toBe(false);
  });
});

const modules: readonly (readonly [string, (trap: Trap, outside: string) => Readonly<Record<string, string>>])[] = [
  ['an address that is a program', ({ command }) => ({ url: `ext::sh -c "${command}"` })],
  ['an address that is an option', ({ command }) => ({ url: `--upload-pack=${command}` })],
  ['an address with an option for ssh', ({ command }) => ({ url: `ssh://-oProxyCommand=${command}/x` })],
  ['a folder of this machine', (_, outside) => ({ url: outside })],
  ['a folder of this machine as an address', (_, outside) => ({ url: `file://${outside}` })],
  ['a folder that climbs', () => ({ url: '../../../../../../../../etc' })],
];

describe('a commit whose submodule has', () => {
  test.each(modules)('%s is refused', async (_, settings) => {
    const trap = setTrap();
    const root = tempDir();
    const outside = createGitRepository(join(tempDir(), 'private'));
    const secret = outside.commit({ secret: 'only outside' });
    const server = await startFileServer(() => undefined, root);
    const repository = createGitRepository(join(root, 'r.git'));
    const entries = Object.entries({ path: 'sub', ...settings(trap, outside.path) });
    for (const [key, value] of entries) repository.git('config', '-f', '.gitmodules', `submodule.sub.${key}`, value);
    repository.git('update-index', '--add', '--cacheinfo', `160000,${secret},sub`);
    mkdirSync(join(repository.path, 'sub'));
    repository.commit({ Dockerfile: COPY_ALL });
    const building = createBuilder().build({ context: `${server.url}/git/r.git` });
    await expect(building).rejects.toMatchObject({ code: 'CONTEXT_GIT_FAILED' });
    expect(trap.isSprung()).toBe(false);
  });

  test('a command as its way of updating does not have it run', async () => {
    const trap = setTrap();
    const root = tempDir();
    const server = await startFileServer(() => undefined, root);
    const commit = createGitRepository(join(root, 'sub.git')).commit({ s: 's' });
    const repository = createGitRepository(join(root, 'r.git'));
    const settings = { path: 'sub', url: `${server.url}/git/sub.git`, update: `!${trap.command}` };
    for (const [key, value] of Object.entries(settings)) {
      repository.git('config', '-f', '.gitmodules', `submodule.sub.${key}`, value);
    }
    repository.git('update-index', '--add', '--cacheinfo', `160000,${commit},sub`);
    mkdirSync(join(repository.path, 'sub'));
    repository.commit({ Dockerfile: COPY_ALL });
    await createBuilder()
      .build({ context: `${server.url}/git/r.git` })
      .catch(() => {});
    expect(trap.isSprung()).toBe(false);
  });
});

describe('a commit with links', () => {
  test('is built with the links as they are, and no file is read through them', async () => {
    const root = tempDir({ 'outside/secret': 'only outside' });
    const server = await startFileServer(() => undefined, root);
    const repository = createGitRepository(join(root, 'r.git'));
    symlinkSync(join(root, 'outside'), join(repository.path, 'l'));
    repository.commit({ Dockerfile: COPY_ALL, climbing: 'FROM scratch\nCOPY l/secret /\n' });
    const layout = join(tempDir(), 'layout');
    const context = `${server.url}/git/r.git`;
    await createBuilder().build({ context, outputs: [ociLayout(layout)] });
    expect((await readImageTree(layout)).paths.get('/l')).toMatchObject({ type: 'symlink' });
    const climbing = createBuilder().build({ context, dockerfile: 'climbing' });
    await expect(climbing).rejects.toMatchObject({ code: 'STEP_COPY_SOURCE_NOT_FOUND' });
  });
});

const addresses: readonly (readonly [address: string, code: string])[] = [
  ['ext::sh -c id', 'CONTEXT_NOT_FOUND'],
  ['file:///etc', 'CONTEXT_NOT_FOUND'],
  ['--upload-pack=id', 'CONTEXT_NOT_FOUND'],
  ['git@-oProxyCommand=id:x', 'CONTEXT_NOT_FOUND'],
  ['git@-x:y', 'OPTION_BAD_GIT_URL'],
  ['git@host:-x', 'OPTION_BAD_GIT_URL'],
  ['ssh://-oProxyCommand=id/x', 'OPTION_BAD_GIT_URL'],
  ['ssh://-x@host/x', 'OPTION_BAD_GIT_URL'],
  ['https://host/x.git#--upload-pack=id', 'OPTION_BAD_GIT_URL'],
  ['https://host/x.git#a..b', 'OPTION_BAD_GIT_URL'],
  ['https://host/x.git?ref=-x', 'OPTION_BAD_GIT_URL'],
  ['git://host/x\nHost: y', 'OPTION_BAD_GIT_URL'],
];

describe('an address of a git context', () => {
  test.each(addresses)('%j gives no program an option', async (context, code) => {
    await expect(createBuilder().build({ context })).rejects.toMatchObject({ code });
  });
});
