import { RegistryError } from '../../core/errors.ts';
import type { Bytes, Written } from '../../core/ports.ts';
import { type HttpResponse, sizeOf } from './http.ts';
import { resolveLocation } from './redirect.ts';
import type { ApiCall, Repository, Session } from './session.ts';

export interface BlobPush {
  readonly descriptor: Written;
  readonly bytes: Bytes;
  /** Another repository of the same registry that may hold the blob already. */
  readonly mountFrom?: string | undefined;
  /** The registry was asked and does not have it. */
  readonly isMissing?: boolean | undefined;
}

/** An upload that the registry has opened. Its address changes with every answer. */
export interface OpenUpload {
  readonly repository: Repository;
  readonly push: BlobPush;
  location: URL;
  /** The registry no longer knows it. */
  isLost: boolean;
  /** Bytes that the registry has said to have. */
  acknowledged: number;
  chunkBytes: number;
  /** No chunk but the last is smaller. */
  readonly leastChunkBytes: number;
}

const CHUNK_BYTES = 16 << 20;
/** Proxies that nobody has set up for images take as much. */
const LEAST_CHUNK_BYTES = 1 << 20;
const TOO_LARGE = 413;
/** Not found, and a range that does not fit what the registry has. */
const CANNOT_GO_ON = [404, 416];

export async function startUpload(
  session: Session,
  repository: Repository,
  push: BlobPush,
): Promise<OpenUpload | 'mounted'> {
  const { descriptor, mountFrom } = push;
  const mount = mountFrom === undefined ? '' : `?mount=${descriptor.digest}&from=${encodeURIComponent(mountFrom)}`;
  const response = await session.exchange({
    ...callOf(repository, push),
    path: `blobs/uploads/${mount}`,
    method: 'POST',
    accept: mountFrom === undefined ? [202] : [201, 202],
  });
  response.discard();
  if (response.status === 201) return 'mounted';
  const location = resolveLocation(response.url, response.headers.location);
  const wanted = Number(response.headers['oci-chunk-min-length']);
  const leastChunkBytes = Number.isSafeInteger(wanted) ? Math.max(wanted, LEAST_CHUNK_BYTES) : LEAST_CHUNK_BYTES;
  const chunkBytes = Math.max(CHUNK_BYTES, leastChunkBytes);
  return { repository, push, location, isLost: false, acknowledged: 0, chunkBytes, leastChunkBytes };
}

/** Everything and the end in one request. */
export async function uploadWhole(session: Session, upload: OpenUpload): Promise<void> {
  const { descriptor, bytes } = upload.push;
  await finish(session, upload, { bytes, size: descriptor.size });
}

/** How many bytes of an upload the registry has (distribution-spec, "Resuming an Upload"). */
export async function uploadProgress(session: Session, upload: OpenUpload): Promise<number> {
  const response = await send(session, upload, { method: 'GET', accept: [202, 204, ...CANNOT_GO_ON, 400, 405, 501] });
  if (response.status > 204) throw lost(upload, response);
  const last = Number(/^(?:bytes=)?0-(\d+)$/.exec(response.headers.range ?? '')?.[1] ?? -1);
  // A registry that has nothing says 0-0 as well as one that has a single byte: that one is sent again.
  upload.acknowledged = last <= 0 ? 0 : Math.min(last + 1, upload.push.descriptor.size);
  return upload.acknowledged;
}

/** Sends what is missing after `offset` chunk by chunk, then ends the upload. */
export async function uploadRest(session: Session, upload: OpenUpload, offset: number): Promise<void> {
  const { bytes, descriptor } = upload.push;
  let at = offset;
  for await (const chunk of chunksFrom(bytes, offset, upload.chunkBytes)) {
    const headers = {
      'content-type': 'application/octet-stream',
      'content-range': `${at}-${at + chunk.length - 1}`,
    };
    await send(session, upload, { method: 'PATCH', headers, body: chunk, accept: [202, 204, ...CANNOT_GO_ON] });
    at += chunk.length;
    upload.acknowledged = at;
  }
  if (at !== descriptor.size) throw new TypeError(`${descriptor.digest} has ${at} bytes, not ${descriptor.size}`);
  await finish(session, upload, new Uint8Array(0));
}

async function finish(session: Session, upload: OpenUpload, body: NonNullable<ApiCall['body']>): Promise<void> {
  const { digest } = upload.push.descriptor;
  // The registry's own query stays byte for byte: it may be signed.
  const url = new URL(upload.location);
  url.search += `${url.search === '' ? '?' : '&'}digest=${encodeURIComponent(digest)}`;
  const headers = { 'content-type': 'application/octet-stream' };
  await send(session, upload, { method: 'PUT', path: url, headers, body, accept: [201, 204, ...CANNOT_GO_ON] });
}

type Piece = Pick<ApiCall, 'method' | 'accept' | 'headers' | 'body'> & { readonly path?: URL };

async function send(session: Session, upload: OpenUpload, piece: Piece): Promise<HttpResponse> {
  const { repository, push, location } = upload;
  const response = await session
    .exchange({ ...callOf(repository, push), path: location, ...piece })
    .catch((error: unknown) => {
      if (error instanceof RegistryError && error.status === TOO_LARGE) sendLess(upload, piece);
      throw error;
    });
  response.discard();
  if (CANNOT_GO_ON.includes(response.status)) throw lost(upload, response);
  if (response.headers.location !== undefined && piece.method !== 'PUT') {
    upload.location = resolveLocation(response.url, response.headers.location);
  }
  return response;
}

/** What the registry, or a proxy in front of it, does not take at once is sent in pieces of a quarter. */
function sendLess(upload: OpenUpload, { body }: Piece): void {
  const quarter = Math.floor((body === undefined ? 0 : sizeOf(body)) / 4);
  upload.chunkBytes = Math.max(Math.min(upload.chunkBytes, quarter), upload.leastChunkBytes);
}

function callOf(repository: Repository, push: BlobPush): Pick<ApiCall, 'repository' | 'subject' | 'action' | 'source'> {
  return {
    repository,
    subject: `${repository.registry}/${repository.repository} (${push.descriptor.digest})`,
    action: 'push',
    source: push.mountFrom,
  };
}

/** Uploads time out, and servers behind one address may not share them: then another is begun. */
function lost(upload: OpenUpload, { status }: HttpResponse): RegistryError {
  upload.isLost = true;
  const { registry, repository } = upload.repository;
  return new RegistryError('REGISTRY_UPLOAD_LOST', `${registry}/${repository}: the registry lost the upload`, {
    status,
    retryable: true,
    hint: 'try again; if it happens each time, ask whoever runs the registry',
  });
}

/** All that follows after `offset`, `size` bytes at a time. */
async function* chunksFrom(bytes: Bytes, offset: number, size: number): AsyncGenerator<Uint8Array, void> {
  let skip = offset;
  let pending: Uint8Array[] = [];
  let length = 0;
  for await (const piece of bytes) {
    let rest = piece.subarray(Math.min(skip, piece.length));
    skip -= piece.length - rest.length;
    while (rest.length > 0) {
      const part = rest.subarray(0, size - length);
      rest = rest.subarray(part.length);
      pending.push(Buffer.from(part));
      length += part.length;
      if (length < size) continue;
      yield Buffer.concat(pending);
      pending = [];
      length = 0;
    }
  }
  if (length > 0) yield Buffer.concat(pending);
}
