import { createHash } from 'node:crypto';
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ContextError, isBuilderError } from '../../core/errors.ts';
import { redactAddresses } from '../../core/git-url.ts';
import { acquireLease } from '../../io/lease.ts';
import type { ResolvedCommit } from './commit.ts';
import type { Git } from './git-program.ts';

export interface RepositoryRequest {
  readonly git: Git;
  readonly remote: string;
  readonly resolved: ResolvedCommit;
  /** Holds what was fetched from all remotes, for later builds. */
  readonly cacheDir: string;
  readonly signal?: AbortSignal | undefined;
}

/** A bare repository of this machine that has a commit with all its files. */
export interface Repository {
  readonly path: string;
  /** Name of the commit in it. */
  readonly ref: string;
}

/** Of the folder of a remote: addresses may hold passwords, so only their hashes are kept. */
export function repositoryName(remote: string): string {
  return createHash('sha256').update(remote).digest('hex').slice(0, 24);
}

/**
 * Fetches a commit, without its history where the remote knows how, unless an earlier build has.
 * @throws ContextError `CONTEXT_GIT_FAILED`, `CONTEXT_GIT_NO_REF`; HostError `HOST_GIT_MISSING`
 */
export async function fetchCommit(request: RepositoryRequest): Promise<Repository> {
  const { git, remote, resolved, cacheDir, signal } = request;
  const path = join(cacheDir, repositoryName(remote));
  const repository = { path, ref: `refs/lamella/${resolved.commit}` };
  using _lease = await acquireLease(`${path}.lease`, signal);
  if (existsSync(path)) removeStaleLocks(path);
  else await createRepository(git, path);
  if (await hasCommit(git, repository, resolved.commit)) return repository;
  for (const attempt of attempts(request, repository)) {
    await attempt();
    if (await hasCommit(git, repository, resolved.commit)) return repository;
  }
  throw new ContextError(
    'CONTEXT_GIT_NO_REF',
    `${redactAddresses(remote)} does not give the commit ${resolved.commit}`,
    {
      hint: 'it may be on no branch any more: name another commit, a branch or a tag',
    },
  );
}

/** Appears whole or not at all: a process may be killed at any time. Whoever holds the lease is alone here. */
async function createRepository(git: Git, path: string): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.new`);
  rmSync(temporary, { recursive: true, force: true });
  await git.run({ args: ['init', '--quiet', '--bare', '--template=', '--', temporary], doing: `make ${path}` });
  renameSync(temporary, path);
}

/** Of a git that was killed: whoever holds the lease is alone here. Locks are never among the objects. */
function removeStaleLocks(path: string): void {
  const folders = readdirSync(path, { withFileTypes: true }).filter((entry) => entry.name !== 'objects');
  for (const entry of folders) {
    const own = join(path, entry.name);
    const names = entry.isDirectory() ? readdirSync(own, { recursive: true, encoding: 'utf8' }) : [];
    for (const file of [own, ...names.map((name) => join(own, name))]) if (file.endsWith('.lock')) rmSync(file);
  }
}

/** The branch or tag, which may have moved in between; the commit, which not every server gives; all there is. */
function attempts({ git, remote, resolved }: RepositoryRequest, { path, ref }: Repository): (() => Promise<void>)[] {
  const doing = `fetch from ${redactAddresses(remote)}`;
  const fetch = async (...args: readonly string[]): Promise<void> => {
    const options = ['--quiet', '--no-tags', '--force', '--no-write-fetch-head'];
    await git.run({ args: ['-C', path, 'fetch', ...options, ...args], doing, network: true });
  };
  const { name, commit } = resolved;
  const single = [...(name === undefined ? [] : [name]), commit];
  return [
    ...single.map((wanted) => () => tolerant(() => fetch('--depth=1', '--', remote, `+${wanted}:${ref}`))),
    async () => {
      const deepen = existsSync(join(path, 'shallow')) ? ['--unshallow'] : [];
      await fetch(...deepen, '--', remote, '+refs/heads/*:refs/all/heads/*', '+refs/tags/*:refs/all/tags/*');
      await tolerant(async () => {
        await git.run({ args: ['-C', path, 'update-ref', '--', ref, commit], doing: `keep the commit ${commit}` });
      });
    },
  ];
}

/** The next attempt, or the last one's error, tells more. */
async function tolerant(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isBuilderError(error) || error.code !== 'CONTEXT_GIT_FAILED') throw error;
  }
}

async function hasCommit(git: Git, { path, ref }: Repository, commit: string): Promise<boolean> {
  try {
    const args = ['-C', path, 'rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`];
    return (await git.run({ args, doing: `look up ${commit}` })).trim() === commit;
  } catch (error) {
    if (isBuilderError(error) && error.code === 'CONTEXT_GIT_FAILED') return false;
    throw error;
  }
}
