import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { acquireLease, tryAcquireLease } from '../../io/lease.ts';
import { markUsed } from '../../io/touch.ts';
import type { Session } from '../session.ts';

export interface CacheMountRequest {
  readonly id: string;
  readonly sharing: 'shared' | 'private' | 'locked';
  /** Owners in the folder mean other users for another kind of host, so each has folders of its own. */
  readonly flavor: string;
}

export interface CacheMountFolder {
  readonly path: string;
  readonly lease?: Disposable;
}

/**
 * The folder of a cache mount, kept between builds: shared by all who ask, alone behind a lock, or the first that nobody
 * uses at the moment (reference, section 10).
 */
export async function openCacheMount(
  session: Pick<Session, 'folders' | 'claims' | 'signal'>,
  request: CacheMountRequest,
): Promise<CacheMountFolder> {
  const name = createHash('sha256').update(request.id).digest('hex').slice(0, 24);
  const folder = join(session.folders.mounts, request.flavor, name);
  await session.claims.claim(name);
  markUsed(join(session.folders.used, name));
  if (request.sharing === 'shared') return { path: folder };
  if (request.sharing === 'locked') {
    return { path: folder, lease: await acquireLease(`${folder}.lease`, session.signal) };
  }
  for (let number = 0; ; number++) {
    const path = number === 0 ? folder : `${folder}-${number}`;
    const lease = tryAcquireLease(`${path}.lease`);
    if (lease !== undefined) return { path, lease };
  }
}
