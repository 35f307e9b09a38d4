import { join } from 'node:path';
import { openDirectoryContext } from '../../context/directory-context.ts';
import { checkOut } from '../../context/git/check-out.ts';
import { type ResolvedCommit, resolveCommit } from '../../context/git/commit.ts';
import { createGit, type Git, type GitAccess } from '../../context/git/git-program.ts';
import { gitTree } from '../../context/git/git-tree.ts';
import { fetchCommit, type Repository, type RepositoryRequest, repositoryName } from '../../context/git/repository.ts';
import { ContextError } from '../../core/errors.ts';
import { type GitSource, redactAddresses } from '../../core/git-url.ts';
import type { Tree } from '../../core/tree.ts';
import { markUsed } from '../../io/touch.ts';
import { resolvePath } from '../../rootfs/resolve.ts';
import { readSecret } from '../secrets.ts';
import { type AgentSocket, openAgentSocket } from '../ssh/agent-socket.ts';
import type { FetchOptions } from './downloads.ts';
import { refuseLinkLocalRemote } from './git-host.ts';
import type { RemoteSession } from './remote-session.ts';

/** A tree of a repository, known by its commit. */
export interface GitFiles {
  /** All that decides what the files are. */
  readonly key: string;
  readonly commit: string;
  /** Fetches, and gives the commit's time in seconds since 1970. */
  committed(): Promise<number>;
  /** Fetches and checks out, once. */
  open(): Promise<Tree>;
  /** Fetches, and checks the whole commit out into a new folder, which is the caller's. */
  checkOutInto(path: string): Promise<void>;
}

export interface RepositoriesOptions {
  /**
   * `named`: only the secrets that name a host are given to it. Default: those without a name are for every host, since the user
   * wrote all the addresses.
   */
  readonly secrets?: 'named';
}

/** Looks up what refs stand for, each once in a build. */
export interface Repositories {
  /** @throws ContextError `CONTEXT_GIT_…`; HostError `HOST_GIT_MISSING` */
  resolve(source: GitSource, options?: Pick<FetchOptions, 'isOwn'>): Promise<GitFiles>;
  close(): Promise<void>;
}

export type GitSession = Pick<RemoteSession, 'workspace' | 'settings' | 'options' | 'signal' | 'folders' | 'claims'>;

export function createRepositories(session: GitSession, options: RepositoriesOptions = {}): Repositories {
  const { workspace, signal } = session;
  const { offline } = session.settings;
  const running = new Map<string, Promise<GitFiles>>();
  const agent = createAgentAccess(session);
  let checkouts = 0;

  async function resolve(source: GitSource, isOwn: boolean): Promise<GitFiles> {
    if (!offline && !isOwn) await refuseLinkLocalRemote(source);
    const tempDir = join(workspace.path, 'git', String(checkouts++));
    const access = { ...(await accessTo(source, session, options)), ...(await agent.accessTo(source)) };
    const git = createGit(source, { tempDir, access, offline, signal });
    const resolved = await resolveCommit(git, source);
    return filesOf({ session, git, source, resolved, path: join(tempDir, 'tree') });
  }

  return {
    resolve(source, { isOwn = false } = {}) {
      const key = JSON.stringify([source, isOwn]);
      const known = running.get(key) ?? resolve(source, isOwn);
      running.set(key, known);
      return known;
    },
    close: () => agent.close(),
  };
}

interface AgentAccess {
  /** The agent or the keys of the id `default`, for remotes that are reached by ssh. */
  accessTo(source: GitSource): Promise<Pick<GitAccess, 'sshAgent'>>;
  close(): Promise<void>;
}

/** The socket is opened for the first remote that needs it. */
function createAgentAccess({ options, workspace }: GitSession): AgentAccess {
  let agent: Promise<AgentSocket> | undefined;
  return {
    async accessTo({ remote }) {
      const access = options.ssh?.findLast(({ id }) => id === 'default');
      if (access === undefined || /^(?:https?|git):/i.test(remote)) return {};
      agent ??= openAgentSocket(access, join(workspace.path, 'ssh', 'git'));
      return { sshAgent: (await agent).shortPath };
    },
    async close() {
      (await agent)?.[Symbol.dispose]();
    },
  };
}

interface Resolved {
  readonly session: GitSession;
  readonly git: Git;
  readonly source: GitSource;
  readonly resolved: ResolvedCommit;
  /** Where a tree of it is checked out. */
  readonly path: string;
}

function filesOf(known: Resolved): GitFiles {
  const { session, git, source, resolved } = known;
  const fetch = (): Promise<Repository> => fetchClaimed(session, { git, remote: source.remote, resolved });
  let tree: Promise<Tree> | undefined;
  return {
    key: keyOf(source, resolved),
    commit: resolved.commit,
    committed: async () => await commitTime(git, (await fetch()).path, resolved),
    open() {
      tree ??= openTree(known);
      return tree;
    },
    async checkOutInto(path) {
      await checkOut({ git, source, resolved, repository: await fetch(), path });
    },
  };
}

function keyOf(source: GitSource, { commit, name }: ResolvedCommit): string {
  const { subdir, keepGitDir = false, submodules = true } = source;
  const tag = keepGitDir && name?.startsWith('refs/tags/') ? name : '';
  return JSON.stringify(['git', commit, subdir, keepGitDir, submodules, tag]);
}

async function openTree({ session, git, source, resolved, path }: Resolved): Promise<Tree> {
  const { remote, subdir, keepGitDir = false, mtime } = source;
  const repository = await fetchClaimed(session, { git, remote, resolved });
  await checkOut({ git, source, resolved, repository, path });
  const checkout = openDirectoryContext(path);
  const directory = resolvePath(checkout, subdir);
  if (directory === undefined || checkout.lookup(directory)?.type !== 'directory')
    throw noSubdirectory(source, resolved);
  const time = mtime === 'commit' ? await commitTime(git, repository.path, resolved) : undefined;
  return gitTree(checkout, { subdir: directory, keepGitDir, mtime: time });
}

/** Until the build ends nobody takes the repository away. */
async function fetchClaimed(
  { folders, claims, signal }: GitSession,
  request: Pick<RepositoryRequest, 'git' | 'remote' | 'resolved'>,
): Promise<Repository> {
  const name = repositoryName(request.remote);
  await claims.claim(name);
  markUsed(join(folders.used, name));
  return await fetchCommit({ ...request, cacheDir: folders.git, signal });
}

async function commitTime(git: Git, path: string, { commit }: ResolvedCommit): Promise<number> {
  const args = ['-C', path, 'show', '--no-patch', '--format=%ct', '--end-of-options', commit];
  return Number((await git.run({ args, doing: `read the time of ${commit}` })).trim());
}

/** What stands in the address, else what the secrets of BuildKit's names give, for one host or for all. */
async function accessTo(
  { remote, credentials }: GitSource,
  session: GitSession,
  options: RepositoriesOptions,
): Promise<GitAccess> {
  if (credentials !== undefined) {
    return { authorization: basic(`${credentials.username}:${credentials.password}`) };
  }
  if (!/^https?:/i.test(remote)) return {};
  const { host } = new URL(remote);
  const secret = async (id: string): Promise<string | undefined> => {
    const secrets = session.options.secrets ?? [];
    const named = await readSecret(secrets, `${id}.${host}`);
    const found = named ?? (options.secrets === 'named' ? undefined : await readSecret(secrets, id));
    return found?.toString().trim();
  };
  const header = await secret('GIT_AUTH_HEADER');
  const token = await secret('GIT_AUTH_TOKEN');
  return { authorization: header ?? (token === undefined ? undefined : basic(`x-access-token:${token}`)) };
}

function basic(login: string): string {
  return `Basic ${Buffer.from(login).toString('base64')}`;
}

function noSubdirectory({ remote, subdir }: GitSource, { commit }: ResolvedCommit): ContextError {
  return new ContextError(
    'CONTEXT_GIT_NO_SUBDIR',
    `${redactAddresses(remote)} has no directory ${JSON.stringify(subdir)} in commit ${commit.slice(0, 12)}`,
    { hint: 'check what stands after the colon of #REF:SUBDIR' },
  );
}
