import { appendFileSync, copyFileSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { GitSource } from '../../core/git-url.ts';
import { redactAddresses } from '../../core/git-url.ts';
import { makeFolder } from '../../io/make-folder.ts';
import type { ResolvedCommit } from './commit.ts';
import type { Git } from './git-program.ts';
import type { Repository } from './repository.ts';

export interface CheckOutRequest {
  readonly git: Git;
  readonly source: GitSource;
  readonly resolved: ResolvedCommit;
  readonly repository: Repository;
  /** Where the files go; made here. */
  readonly path: string;
}

/**
 * Puts the files of a commit into a new directory, those of submodules too.
 * @throws ContextError `CONTEXT_GIT_FAILED`
 */
export async function checkOut(request: CheckOutRequest): Promise<void> {
  const { git, source, resolved, path } = request;
  const doing = `check out ${resolved.commit} of ${redactAddresses(source.remote)}`;
  const run = async (...args: readonly string[]): Promise<void> => {
    await git.run({ args: ['-C', path, ...args], doing });
  };
  makeFolder(path);
  await run('init', '--quiet', '--template=');
  await giveObjects(request, run);
  await run('checkout', '--quiet', '--force', '--detach', resolved.commit, '--');
  if (source.submodules !== false && existsSync(join(path, '.gitmodules'))) await checkOutSubmodules(request, run);
  if (source.keepGitDir === true) await makeReproducible(request, run);
}

type Run = (...args: readonly string[]) => Promise<void>;

/** A directory that nobody sees borrows the objects; one that stays in the image has its own. */
async function giveObjects({ source, resolved, repository, path }: CheckOutRequest, run: Run): Promise<void> {
  if (source.keepGitDir === true) {
    const refs = [repository.ref, ...(resolved.name?.startsWith('refs/tags/') ? [resolved.name] : [])];
    const specs = refs.slice(1).map((tag) => `+${repository.ref}:${tag}`);
    const address = `file://${repository.path}`;
    return await run('fetch', '--quiet', '--no-tags', '--depth=1', '--', address, repository.ref, ...specs);
  }
  makeFolder(join(path, '.git/objects/info'));
  appendFileSync(join(path, '.git/objects/info/alternates'), `${join(repository.path, 'objects')}\n`);
  const shallow = join(repository.path, 'shallow');
  if (existsSync(shallow)) copyFileSync(shallow, join(path, '.git/shallow'));
}

/** Their addresses may be relative to the remote's. */
async function checkOutSubmodules({ git, source, path }: CheckOutRequest, run: Run): Promise<void> {
  await run('config', 'remote.origin.url', source.remote);
  const args = ['-C', path, 'submodule', '--quiet', 'update', '--init', '--recursive', '--depth=1'];
  const doing = `fetch the submodules of ${redactAddresses(source.remote)}`;
  await git.run({ args, doing, network: true });
}

/** What in `.git` tells of this machine or this hour: file states in the index, logs, how objects were packed. */
async function makeReproducible({ path }: CheckOutRequest, run: Run): Promise<void> {
  await run('repack', '--quiet', '-a', '-d', '-f', '--no-write-bitmap-index');
  await run('read-tree', 'HEAD');
  for (const name of ['logs', 'FETCH_HEAD', 'ORIG_HEAD']) {
    rmSync(join(path, '.git', name), { recursive: true, force: true });
  }
}
