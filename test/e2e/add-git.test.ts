import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { BuildOptions } from '../../src/build/options.ts';
import { ociLayout } from '../../src/index.ts';
import { type Builder, createBuilder } from '../support/build.ts';
import { type FileServer, startFileServer } from '../support/file-server.ts';
import { createGitRepository, type GitRepository } from '../support/git-repository.ts';
import { readImageTree } from '../support/image-tree.ts';
import { tempDir } from '../support/temp-dir.ts';

interface Remote extends FileServer {
  readonly root: string;
  readonly repository: GitRepository;
  readonly address: string;
  readonly first: string;
}

/** A repository `r.git` with one commit, served over HTTP. */
async function startRemote(): Promise<Remote> {
  const root = tempDir();
  const server = await startFileServer(() => undefined, root);
  const repository = createGitRepository(join(root, 'r.git'));
  const first = repository.commit({ 'a.txt': 'one', 'dir/b.txt': 'b' });
  return { ...server, root, repository, address: `${server.url}/git/r.git`, first };
}

async function build(builder: Builder, lines: string, options: BuildOptions = {}) {
  const layout = join(tempDir(), 'layout');
  const result = await builder.build({
    files: { Dockerfile: `FROM scratch\n${lines}\n` },
    outputs: [ociLayout(layout)],
    ...options,
  });
  return { ...(await readImageTree(layout)), ...result };
}

function namesOf(image: { readonly paths: ReadonlyMap<string, unknown> }): string[] {
  return [...image.paths.keys()].sort();
}

function addSubmodule(repository: GitRepository, path: string): void {
  repository.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', path, 'sub');
}

describe('a build context in a git repository (reference, section 18)', () => {
  it('has the Dockerfile, the ignore file and the files of a directory of a branch', async () => {
    const { repository, address } = await startRemote();
    repository.git('checkout', '--quiet', '-b', 'app');
    const files = { Dockerfile: 'FROM scratch\nCOPY . /app\nCOPY --from=more a.txt /\n', '.dockerignore': 'b.txt' };
    repository.commit(Object.fromEntries(Object.entries(files).map(([name, text]) => [`dir/${name}`, text])));
    const layout = join(tempDir(), 'layout');
    await createBuilder().build({
      context: `${address}#app:dir`,
      buildContexts: { more: `${address}#main` },
      outputs: [ociLayout(layout)],
    });
    expect(namesOf(await readImageTree(layout))).toEqual(['/a.txt', '/app', '/app/.dockerignore', '/app/Dockerfile']);
  });
});

describe('ADD of a git address (reference, section 12)', () => {
  it('copies the files of the default branch, without git, with plain modes and owned by root', async () => {
    const { repository, address } = await startRemote();
    repository.git('update-index', '--add', '--chmod=+x', 'a.txt');
    repository.git('commit', '--quiet', '-m', 'x');
    const image = await build(createBuilder(), `ADD ${address} /src`);
    expect(namesOf(image)).toEqual(['/src', '/src/a.txt', '/src/dir', '/src/dir/b.txt']);
    expect(image.paths.get('/src/a.txt')).toMatchObject({ mode: '0755', uid: 0, gid: 0, size: 3 });
    expect(image.paths.get('/src/dir/b.txt')).toMatchObject({ mode: '0644' });
    expect(image.paths.get('/src/dir')).toMatchObject({ mode: '0755' });
  });

  it('takes a branch, a tag, a commit, a directory, and --exclude', async () => {
    const { repository, address, first } = await startRemote();
    repository.git('tag', '-a', '-m', 'x', 'v1');
    repository.git('checkout', '--quiet', '-b', 'dev/next');
    repository.commit({ 'a.txt': 'longer', 'c.txt': 'c' });
    repository.git('checkout', '--quiet', 'main');
    const lines = [
      `ADD ${address}#dev/next:/ /branch`,
      `ADD ${address}#v1:dir /tag`,
      `ADD ${address}?tag=v1&subdir=/dir/../dir /query`,
      `ADD --exclude=dir ${address}#${first} /commit`,
    ];
    const image = await build(createBuilder(), lines.join('\n'));
    expect(image.paths.get('/branch/a.txt')).toMatchObject({ size: 6 });
    expect(namesOf(image).filter((name) => !name.startsWith('/branch'))).toEqual([
      ...['/commit', '/commit/a.txt', '/query', '/query/b.txt', '/tag', '/tag/b.txt'],
    ]);
  });

  it('asks only for the name of the commit when an earlier build had it', async () => {
    const remote = await startRemote();
    const builder = createBuilder();
    const first = await build(builder, `ADD ${remote.address} /src`);
    const before = remote.requests.length;
    const second = await build(builder, `ADD ${remote.address} /src`);
    expect([second.cached, second.digest]).toEqual([1, first.digest]);
    expect(remote.requests.slice(before).filter(({ path }) => path.includes('git-upload-pack')).length).toBeLessThan(3);
    const known = remote.requests.length;
    expect((await build(builder, `ADD ${remote.address}#${remote.first} /src`)).cached).toBe(1);
    expect(remote.requests.length).toBe(known);
    remote.repository.commit({ 'a.txt': 'two' });
    expect((await build(builder, `ADD ${remote.address} /src`)).cached).toBe(0);
  });

  it('goes on where a git was killed that held locks', async () => {
    const remote = await startRemote();
    const builder = createBuilder();
    await build(builder, `ADD ${remote.address} /src`);
    const [repository = ''] = readdirSync(join(builder.cacheDir, 'git')).filter((name) => !name.includes('.'));
    for (const name of ['shallow.lock', 'packed-refs.lock', 'refs/lamella/x.lock']) {
      writeFileSync(join(builder.cacheDir, 'git', repository, name), '');
    }
    remote.repository.commit({ 'a.txt': 'three' });
    expect((await build(builder, `ADD ${remote.address} /src`)).paths.get('/src/a.txt')).toMatchObject({ size: 5 });
  });

  it('checks --checksum against the commit, or the start of it', async () => {
    const { address, first } = await startRemote();
    await build(createBuilder(), `ADD --checksum=${first.slice(0, 10)} ${address} /src`);
    await expect(build(createBuilder(), `ADD --checksum=${'0'.repeat(40)} ${address} /src`)).rejects.toMatchObject({
      code: 'CONTEXT_GIT_CHECKSUM',
      message: expect.stringContaining(first),
      span: { start: { line: 2 } },
    });
  });

  it('with --keep-git-dir keeps a .git that depends on the commit alone', async () => {
    const { address } = await startRemote();
    const lines = `ADD --keep-git-dir=true ${address} /src`;
    const image = await build(createBuilder(), lines);
    expect(namesOf(image)).toEqual(expect.arrayContaining(['/src/.git/HEAD', '/src/.git/config', '/src/a.txt']));
    expect((await build(createBuilder(), lines)).digest).toBe(image.digest);
  });

  it('brings submodules along, unless the address says otherwise', async () => {
    const { root, repository, address, url } = await startRemote();
    createGitRepository(join(root, 'sub.git')).commit({ 's.txt': 's' });
    addSubmodule(repository, join(root, 'sub.git'));
    repository.git('config', '-f', '.gitmodules', 'submodule.sub.url', `${url}/git/sub.git`);
    repository.commit({});
    const image = await build(createBuilder(), `ADD ${address} /with\nADD ${address}?submodules=false /without`);
    expect(namesOf(image).filter((name) => name.includes('/sub'))).toEqual([
      ...['/with/sub', '/with/sub/s.txt', '/without/sub'],
    ]);
  });

  it('does not take submodules from this machine', async () => {
    const { root, repository, address } = await startRemote();
    createGitRepository(join(root, 'sub.git')).commit({ 's.txt': 's' });
    addSubmodule(repository, join(root, 'sub.git'));
    repository.commit({});
    await expect(build(createBuilder(), `ADD ${address} /src`)).rejects.toMatchObject({ code: 'CONTEXT_GIT_FAILED' });
  });

  it.each([
    ['#nowhere', 'CONTEXT_GIT_NO_REF'],
    [`#${'1'.repeat(40)}`, 'CONTEXT_GIT_NO_REF'],
    ['#main:missing', 'CONTEXT_GIT_NO_SUBDIR'],
    ['#main:a.txt', 'CONTEXT_GIT_NO_SUBDIR'],
    ['#-upload-pack=x', 'PLAN_BAD_ADDRESS'],
  ])('fails at its place for %s', async (suffix, code) => {
    const { address } = await startRemote();
    await expect(build(createBuilder(), `ADD ${address}${suffix} /src`)).rejects.toMatchObject({
      code,
      hint: expect.any(String),
      span: { start: { line: 2 } },
    });
  });

  it('fails for a remote that is none, without telling the password', async () => {
    const { url } = await startRemote();
    const address = `${url.replace('http://', 'http://me:s3cret@')}/git/none.git`;
    const failure = await build(createBuilder(), `ADD ${address} /src`).catch((error: Error) => error);
    expect(failure).toMatchObject({ code: 'CONTEXT_GIT_FAILED' });
    expect(String((failure as Error).message)).not.toContain('s3cret');
  });

  it('logs in with the address, or with the secrets of that name', async () => {
    const remote = await startRemote();
    const builder = createBuilder();
    await build(builder, `ADD ${remote.address.replace('//', '//me:s3cret@')} /src`);
    await build(builder, `ADD ${remote.address}?subdir=dir /src`, {
      secrets: [{ id: 'GIT_AUTH_TOKEN', value: 'token\n' }],
    });
    const sent = new Set(remote.requests.map(({ headers }) => headers.authorization));
    const basic = (login: string): string => `Basic ${Buffer.from(login).toString('base64')}`;
    expect(sent).toEqual(new Set([basic('me:s3cret'), basic('x-access-token:token')]));
    expect(readdirSync(join(builder.cacheDir, 'tmp'))).toEqual([]);
  });

  it('ends when the build is aborted, and leaves nothing behind', async () => {
    const { address } = await startRemote();
    const builder = createBuilder();
    const controller = new AbortController();
    const onEvent = ({ type }: { readonly type: string }): void => {
      if (type === 'step-started') controller.abort('enough');
    };
    const ended = build(builder, `ADD ${address} /src`, { signal: controller.signal, onEvent });
    await expect(ended).rejects.toBe('enough');
    expect(readdirSync(join(builder.cacheDir, 'tmp'))).toEqual([]);
  });
});
