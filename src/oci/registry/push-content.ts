import { type Digest, isDigest } from '../../core/digest.ts';
import { RegistryError } from '../../core/errors.ts';
import type { Descriptor } from '../../core/image.ts';
import type { Bytes } from '../../core/ports.ts';
import { formatReference, type Reference } from '../../core/reference.ts';
import { digestOf } from '../../io/hash.ts';
import { type HttpResponse, redactUrl } from './http.ts';
import { resolveLocation } from './redirect.ts';
import { withRetry } from './retry.ts';
import type { ApiCall, Repository, Session } from './session.ts';

export interface BlobPush {
  readonly descriptor: Pick<Descriptor, 'digest' | 'size'>;
  readonly bytes: Bytes;
  /** Another repository of the same registry that may hold the blob already. */
  readonly mountFrom?: string | undefined;
}

/** How a blob got there: it was there, it was mounted from another repository, or its bytes went over the wire. */
export type PushOutcome = 'exists' | 'mounted' | 'uploaded';

export async function headBlob(session: Session, repository: Repository, digest: Digest): Promise<boolean> {
  const call = { ...blobCall(repository, digest), method: 'HEAD', action: 'pull', accept: [200, 404] } as const;
  return session.request({ ...call, path: `blobs/${digest}` }, (response) => {
    response.discard();
    return response.status === 200;
  });
}

/** Uploads in one piece (distribution-spec, "Pushing a blob monolithically"); a failed upload starts anew. */
export async function pushBlob(session: Session, repository: Repository, push: BlobPush): Promise<PushOutcome> {
  if (await headBlob(session, repository, push.descriptor.digest)) return 'exists';
  return withRetry(session.retry, async () => {
    const started = await startUpload(session, repository, push);
    if (started === 'mounted') return started;
    await finishUpload(session, { repository, push, location: started });
    return 'uploaded';
  });
}

async function startUpload(session: Session, repository: Repository, push: BlobPush): Promise<URL | 'mounted'> {
  const { descriptor, mountFrom } = push;
  const mount = mountFrom === undefined ? '' : `?mount=${descriptor.digest}&from=${encodeURIComponent(mountFrom)}`;
  const response = await session.exchange({
    ...blobCall(repository, descriptor.digest),
    path: `blobs/uploads/${mount}`,
    method: 'POST',
    action: 'push',
    source: mountFrom,
    accept: mountFrom === undefined ? [202] : [201, 202],
  });
  response.discard();
  return response.status === 201 ? 'mounted' : resolveLocation(response.url, response.headers.location);
}

interface Upload {
  readonly repository: Repository;
  readonly push: BlobPush;
  readonly location: URL;
}

async function finishUpload(session: Session, { repository, push, location }: Upload): Promise<void> {
  const { descriptor, bytes } = push;
  // The registry's own query stays byte for byte: it may be signed.
  const url = new URL(location);
  url.search += `${url.search === '' ? '?' : '&'}digest=${encodeURIComponent(descriptor.digest)}`;
  const response = await session.exchange({
    ...blobCall(repository, descriptor.digest),
    path: url,
    method: 'PUT',
    action: 'push',
    source: push.mountFrom,
    headers: { 'content-type': 'application/octet-stream' },
    body: { bytes, size: descriptor.size },
    accept: [201, 204],
  });
  response.discard();
}

function blobCall(repository: Repository, digest: Digest): Pick<ApiCall, 'repository' | 'subject'> {
  return { repository, subject: `${repository.registry}/${repository.repository} (${digest})` };
}

/** Puts a manifest under the tag of `reference`, else under its digest. What it names must be there already. */
export async function pushManifest(
  session: Session,
  reference: Reference,
  manifest: { readonly bytes: Uint8Array; readonly mediaType: string },
): Promise<Descriptor> {
  const { bytes, mediaType } = manifest;
  const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.length };
  const call: ApiCall = {
    repository: reference,
    path: `manifests/${reference.tag ?? descriptor.digest}`,
    method: 'PUT',
    action: 'push',
    subject: formatReference(reference),
    headers: { 'content-type': mediaType },
    body: bytes,
    accept: [200, 201, 204],
  };
  await session.request(call, (response) => {
    response.discard();
    checkStored(response, call.subject, descriptor.digest);
  });
  return descriptor;
}

function checkStored(response: HttpResponse, subject: string, digest: Digest): void {
  const stored = response.headers['docker-content-digest'];
  if (stored === undefined || !isDigest(stored) || stored === digest) return;
  throw new RegistryError('REGISTRY_BAD_ANSWER', `${subject}: the registry stored ${stored} instead of ${digest}`, {
    url: redactUrl(response.url),
    status: response.status,
    hint: 'the registry changes what it is given; ask whoever runs it',
  });
}
