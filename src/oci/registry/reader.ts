import type { Descriptor } from '../../core/image.ts';
import type { Bytes, Written } from '../../core/ports.ts';
import type { Reference } from '../../core/reference.ts';
import { verifyBytes } from '../../store/verify.ts';
import { download } from './download.ts';
import { pullManifest, type RemoteManifest, resolveManifest } from './pull-manifest.ts';
import type { Repository, Session } from './session.ts';

/** Reads images of a registry. Everything is verified before, or (blobs) when, the last byte is given. */
export interface RegistryReader {
  /** What the tag or digest of a reference names: one small request. */
  resolve(reference: Reference): Promise<Descriptor>;
  manifest(reference: Reference, descriptor?: Descriptor): Promise<RemoteManifest>;
  /** @throws ContentError at the end of the iteration when the bytes are not those of the descriptor */
  blob(repository: Repository, descriptor: Written): Bytes;
}

export function createReader(session: Session): RegistryReader {
  return {
    resolve: (reference) => resolveManifest(session, reference),
    manifest: (reference, descriptor) => pullManifest(session, reference, descriptor),
    blob: (repository, descriptor) => ({ [Symbol.asyncIterator]: () => pullBlob(session, repository, descriptor) }),
  };
}

async function* pullBlob(
  session: Session,
  repository: Repository,
  { digest, size }: Written,
): AsyncGenerator<Uint8Array, void> {
  const bytes = download(session, {
    repository,
    path: `blobs/${digest}`,
    method: 'GET',
    action: 'pull',
    subject: `${repository.registry}/${repository.repository} (${digest})`,
  });
  yield* verifyBytes(bytes, { digest, size });
}
