/** Where a dependency from git is fetched from, as its lockfile says. */
export interface GitAddress {
  /** In the order in which npm tries them. */
  readonly remotes: readonly string[];
  /** All hexadecimal digits: what is fetched is verified by it. */
  readonly commit: string;
  /** Whether npm takes an archive that the host makes of the commit, where that is public, before it clones. */
  readonly isHosted: boolean;
}

/** The hosts that npm knows (hosted-git-info). */
const HOSTS: ReadonlySet<string> = new Set([
  'github.com',
  'gitlab.com',
  'bitbucket.org',
  'gist.github.com',
  'git.sr.ht',
]);

const RESOLVED = /^(?:git\+)?((?:https?|ssh|git):\/\/[^#]+)#([0-9a-f]{40}|[0-9a-f]{64})$/i;

/**
 * Reads the `resolved` of a lockfile's entry; `undefined` for what names no commit in full, and for ways that only npm goes:
 * files of the machine, rsync, ftp.
 */
export function parseGitAddress(resolved: string): GitAddress | undefined {
  const [, address, commit] = RESOLVED.exec(resolved) ?? [];
  if (address === undefined || commit === undefined) return undefined;
  const remote = fromScpStyle(address);
  const hosted = hostedPath(remote);
  if (hosted === undefined) return { remotes: [remote], commit: commit.toLowerCase(), isHosted: false };
  const remotes = hosted.hasCredentials
    ? [remote]
    : [`https://${hosted.host}/${hosted.path}.git`, `ssh://git@${hosted.host}/${hosted.path}.git`];
  return { remotes, commit: commit.toLowerCase(), isHosted: true };
}

/** `ssh://user@host:path`, where the path begins with no port, is `user@host:path` for ssh. */
function fromScpStyle(address: string): string {
  const [, place] = /^ssh:\/\/([^/:]+:(?!\d+(?:\/|$))[^/].*)$/i.exec(address) ?? [];
  return place ?? address;
}

interface HostedPath {
  readonly host: string;
  readonly path: string;
  /** Of an http(s) address: npm then goes no other way. */
  readonly hasCredentials: boolean;
}

function hostedPath(remote: string): HostedPath | undefined {
  const url = remote.replace(/^([^/:]+):(?!\/\/)/, 'ssh://$1/');
  if (!URL.canParse(url)) return undefined;
  const { host, pathname, username, protocol } = new URL(url);
  if (!HOSTS.has(host)) return undefined;
  const path = pathname.replace(/^\/+/, '').replace(/\.git$/, '');
  return path === '' ? undefined : { host, path, hasCredentials: /^https?:$/.test(protocol) && username !== '' };
}
