import { lookup } from 'node:dns/promises';
import { ContextError } from '../../core/errors.ts';
import type { GitSource } from '../../core/git-url.ts';
import { isLinkLocal, isLinkLocalAddress } from '../../oci/registry/link-local.ts';

/** Addresses of a host, as the system finds them. */
export type FindAddresses = (host: string) => Promise<readonly string[]>;

/**
 * Asks what the host of a remote stands for before git does. git looks it up once more, by itself: a name that means another
 * address a moment later, and what a server redirects git to, is not covered.
 * @throws ContextError `CONTEXT_GIT_FAILED` for a link-local address
 */
export async function refuseLinkLocalRemote(
  { remote }: Pick<GitSource, 'remote'>,
  find: FindAddresses = findAddresses,
): Promise<void> {
  const host = hostOf(remote);
  const isRefused = isLinkLocal({ hostname: host }) || (await find(host)).some(isLinkLocalAddress);
  if (!isRefused) return;
  throw new ContextError(
    'CONTEXT_GIT_FAILED',
    `cannot fetch ${remote}: the address of ${host} is for this machine alone`,
    {
      hint: 'link-local addresses are those of services such as the metadata of a cloud: fetch it yourself before the build if it is meant',
    },
  );
}

/** Of an address, or of `user@host:path`. */
function hostOf(remote: string): string {
  const url = URL.canParse(remote) ? new URL(remote) : undefined;
  return (url?.hostname || /^(?:[^@/]*@)?([^:/]+):/.exec(remote)?.[1] || '').replace(/^\[|\]$/g, '');
}

/** What nobody knows, git will complain of, or a proxy does know. */
async function findAddresses(host: string): Promise<string[]> {
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch {
    return [];
  }
}
