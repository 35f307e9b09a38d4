import { isDigest } from '../../core/digest.ts';
import { isBuilderError } from '../../core/errors.ts';
import type { Descriptor } from '../../core/image.ts';
import type { Written } from '../../core/ports.ts';
import { formatReference, type Reference } from '../../core/reference.ts';
import { digestOf } from '../../io/hash.ts';
import { checkContent } from '../../store/verify.ts';
import { type ImageIndex, MANIFEST_LIMIT, MANIFEST_TYPES, type Manifest, parseManifest } from '../image/manifest.ts';
import { type HttpResponse, readLimited } from './http.ts';
import { isJson, notARegistry } from './response-error.ts';
import type { ApiCall, Session } from './session.ts';

/** A manifest or index as it was pulled: verified, and read. */
export interface RemoteManifest {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
  readonly document: Manifest | ImageIndex;
}

/** Asks with HEAD, which registries do not count as a pull; where that does not tell all, the manifest itself is read. */
export async function resolveManifest(session: Session, reference: Reference): Promise<Descriptor> {
  const call = { ...manifestCall(reference, reference.digest), method: 'HEAD', accept: [200, 404, 405] } as const;
  const described = await session.request(call, (response) => {
    response.discard();
    return response.status === 200 ? describe(response) : undefined;
  });
  const wanted = reference.digest;
  if (described !== undefined && (wanted === undefined || wanted === described.digest)) return described;
  return (await pullManifest(session, reference)).descriptor;
}

/** Pulls the manifest that `target` describes, else the one that `reference` names. */
export function pullManifest(session: Session, reference: Reference, target?: Descriptor): Promise<RemoteManifest> {
  const expected: Partial<Written> = target ?? (reference.digest === undefined ? {} : { digest: reference.digest });
  const call: ApiCall = { ...manifestCall(reference, expected.digest), method: 'GET', accept: [200] };
  return session.request(call, (response) => readManifest(response, call.subject, expected));
}

function manifestCall(
  reference: Reference,
  digest: string | undefined,
): Pick<ApiCall, 'repository' | 'path' | 'action' | 'subject' | 'headers'> {
  return {
    repository: reference,
    path: `manifests/${digest ?? reference.tag ?? 'latest'}`,
    action: 'pull',
    subject: formatReference(reference),
    headers: { accept: MANIFEST_TYPES.join(', ') },
  };
}

function describe({ headers }: HttpResponse): Descriptor | undefined {
  const digest = headers['docker-content-digest'] ?? '';
  const size = Number(headers['content-length'] ?? Number.NaN);
  const mediaType = mediaTypeOf(headers['content-type']);
  if (!isDigest(digest) || !Number.isSafeInteger(size) || !MANIFEST_TYPES.includes(mediaType)) return undefined;
  return { mediaType, digest, size };
}

async function readManifest(
  response: HttpResponse,
  subject: string,
  expected: Partial<Written>,
): Promise<RemoteManifest> {
  const { bytes, cut } = await readLimited(response, MANIFEST_LIMIT);
  if (cut) throw notARegistry(response, subject, `sends more than ${MANIFEST_LIMIT} bytes as a manifest`);
  const written = { digest: digestOf(bytes), size: bytes.length };
  const promised = response.headers['docker-content-digest'];
  checkContent(written, expected);
  if (promised !== undefined && isDigest(promised)) checkContent(written, { digest: promised });
  const document = parseAnswer(response, subject, bytes);
  return { descriptor: { mediaType: document.mediaType, ...written }, bytes, document };
}

function parseAnswer(response: HttpResponse, subject: string, bytes: Uint8Array): Manifest | ImageIndex {
  try {
    return parseManifest(bytes, subject, mediaTypeOf(response.headers['content-type']));
  } catch (error) {
    if (!isBuilderError(error) || error.code !== 'CONTENT_BAD_JSON' || isJson(response)) throw error;
    const type = response.headers['content-type'];
    throw notARegistry(
      response,
      subject,
      `answers with ${type === undefined ? 'no content type' : `"${type}"`}`,
      error,
    );
  }
}

function mediaTypeOf(contentType: string | undefined): string {
  return (contentType ?? '').replace(/;.*/, '').trim();
}
