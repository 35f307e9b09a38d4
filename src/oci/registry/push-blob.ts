import type { Digest } from '../../core/digest.ts';
import { RegistryError } from '../../core/errors.ts';
import { PROGRESS_BYTES, waitOrThrow } from './retry.ts';
import type { Repository, Session } from './session.ts';
import { type BlobPush, type OpenUpload, startUpload, uploadProgress, uploadRest, uploadWhole } from './upload.ts';

/** How a blob got there: it was there, it was mounted from another repository, or its bytes went over the wire. */
export type PushOutcome = 'exists' | 'mounted' | 'uploaded';

export async function headBlob(session: Session, repository: Repository, digest: Digest): Promise<boolean> {
  const call = {
    repository,
    subject: `${repository.registry}/${repository.repository} (${digest})`,
    path: `blobs/${digest}`,
    method: 'HEAD',
    action: 'pull',
    accept: [200, 404],
  } as const;
  return session.request(call, (response) => {
    response.discard();
    return response.status === 200;
  });
}

/**
 * Uploads in one piece (distribution-spec, "Pushing a blob monolithically"). What breaks off goes on in chunks from where
 * the registry says that it has come, or anew where it does not know the upload any more. A large blob over a bad line, too,
 * gets there: failures are counted anew after progress.
 */
export async function pushBlob(session: Session, repository: Repository, push: BlobPush): Promise<PushOutcome> {
  let upload: OpenUpload | undefined;
  let reached = 0;
  for (let failures = 0; ; ) {
    try {
      if (upload !== undefined) {
        await uploadRest(session, upload, await uploadProgress(session, upload));
        return 'uploaded';
      }
      const isMissing = push.isMissing === true && failures === 0;
      if (!isMissing && (await headBlob(session, repository, push.descriptor.digest))) return 'exists';
      const started = await startOrMount(session, repository, push);
      if (started === 'mounted') return started;
      upload = started;
      await uploadWhole(session, upload);
      return 'uploaded';
    } catch (error) {
      const { acknowledged = 0 } = upload ?? {};
      failures = acknowledged - reached >= PROGRESS_BYTES ? 1 : failures + 1;
      reached = Math.max(reached, acknowledged);
      upload = upload?.isLost === true ? undefined : upload;
      await waitOrThrow(session.retry, error, failures);
    }
  }
}

/** How registries say that somebody may not read the repository to mount from, or that there is none. */
const MAY_NOT_MOUNT = [400, 401, 403, 404];

/** A mount is an offer: where it is refused, the bytes go over the wire. */
async function startOrMount(session: Session, repository: Repository, push: BlobPush): Promise<OpenUpload | 'mounted'> {
  try {
    return await startUpload(session, repository, push);
  } catch (error) {
    const isRefused = error instanceof RegistryError && MAY_NOT_MOUNT.includes(error.status ?? 0);
    if (!isRefused || push.mountFrom === undefined) throw error;
    return await startUpload(session, repository, { ...push, mountFrom: undefined });
  }
}
