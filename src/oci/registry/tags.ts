import type { Digest } from '../../core/digest.ts';
import { RegistryError } from '../../core/errors.ts';
import { parseJsonObject } from '../image/json.ts';
import { readLimited } from './http.ts';
import type { Repository, Session } from './session.ts';

const PAGE_LIMIT = 4 << 20;
const MOST_PAGES = 1000;

/** All tags of a repository (distribution-spec, "Content Discovery"); none of one that is not there. */
export async function* listTags(session: Session, repository: Repository): AsyncGenerator<string, void> {
  let path: string | URL | undefined = 'tags/list?n=1000';
  for (let page = 0; path !== undefined && page < MOST_PAGES; page++) {
    const found: TagPage = await tagPage(session, repository, path);
    yield* found.tags;
    path = found.next;
  }
}

interface TagPage {
  readonly tags: readonly string[];
  readonly next: URL | undefined;
}

async function tagPage(session: Session, repository: Repository, path: string | URL): Promise<TagPage> {
  const subject = `tags of ${repository.registry}/${repository.repository}`;
  const call = { repository, path, method: 'GET', action: 'pull', subject, accept: [200, 404] } as const;
  return session.request(call, async (response) => {
    const { bytes } = await readLimited(response, PAGE_LIMIT);
    if (response.status === 404) return { tags: [], next: undefined };
    const { tags } = parseJsonObject(bytes, subject);
    return { tags: Array.isArray(tags) ? tags.map(String) : [], next: nextPage(response.headers.link, response.url) };
  });
}

/** RFC 5988, as the specification asks for: `<address>; rel="next"`. */
function nextPage(link: string | undefined, base: URL): URL | undefined {
  const [, address] = /<([^>]*)>\s*;\s*rel="?next"?/.exec(link ?? '') ?? [];
  return address === undefined ? undefined : new URL(address, base);
}

/** How registries say that they let nobody delete (distribution-spec, "Content Management"). */
const NO_DELETING = [400, 405, 501];

/**
 * Takes a manifest away with all its tags (distribution-spec, "Deleting Manifests"); one that is gone is success.
 * @throws RegistryError `REGISTRY_DELETE_REFUSED`
 */
export async function deleteManifest(
  session: Session,
  { digest, ...repository }: Repository & { readonly digest: Digest },
): Promise<void> {
  const subject = `${repository.registry}/${repository.repository}@${digest}`;
  const path = `manifests/${digest}`;
  const accept = [200, 202, 404, ...NO_DELETING];
  const call = { repository, path, method: 'DELETE', action: 'delete', subject, accept } as const;
  const status = await session.request(call, (response) => {
    response.discard();
    return response.status;
  });
  if (!NO_DELETING.includes(status)) return;
  throw new RegistryError('REGISTRY_DELETE_REFUSED', `${repository.registry} lets nobody delete: ${subject}`, {
    method: 'DELETE',
    status,
    hint: 'allow it there (docker-registry: storage.delete.enabled), or use the rules by which the registry itself cleans up',
  });
}
