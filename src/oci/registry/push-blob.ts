import type { Digest } from '../../core/digest.ts';
import { waitOrThrow } from './retry.ts';
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
 * the registry says that it has come, or anew where it does not know the upload any more.
 */
export async function pushBlob(session: Session, repository: Repository, push: BlobPush): Promise<PushOutcome> {
  let upload: OpenUpload | undefined;
  for (let failures = 1; ; failures++) {
    try {
      if (upload === undefined && (await headBlob(session, repository, push.descriptor.digest))) return 'exists';
      if (upload !== undefined) {
        await uploadRest(session, upload, await uploadProgress(session, upload));
        return 'uploaded';
      }
      const started = await startUpload(session, repository, push);
      if (started === 'mounted') return started;
      upload = started;
      await uploadWhole(session, upload);
      return 'uploaded';
    } catch (error) {
      upload = upload?.isLost === true ? undefined : upload;
      await waitOrThrow(session.retry, error, failures);
    }
  }
}
