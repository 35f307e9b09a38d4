import { type Digest, isDigest } from '../../core/digest.ts';
import { RegistryError } from '../../core/errors.ts';
import type { Descriptor } from '../../core/image.ts';
import { formatReference, type Reference } from '../../core/reference.ts';
import { digestOf } from '../../io/hash.ts';
import { type HttpResponse, redactUrl } from './http.ts';
import { resolveManifest } from './pull-manifest.ts';
import type { ApiCall, Session } from './session.ts';

/** How registries say no to a tag that exists already and may not move; the standard has no code for it. */
const MAYBE_IMMUTABLE = [400, 403, 409, 412];

/**
 * Puts a manifest under the tag of `reference`, else under its digest. What it names must be there already.
 * @throws RegistryError `REGISTRY_TAG_IMMUTABLE` when the tag names something else and may not move
 */
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
  try {
    await session.request(call, (response) => {
      response.discard();
      checkStored(response, call.subject, descriptor.digest);
    });
  } catch (error) {
    await throwUnlessThere(session, { reference, digest: descriptor.digest, error });
  }
  return descriptor;
}

interface Refused {
  readonly reference: Reference;
  readonly digest: Digest;
  readonly error: unknown;
}

/** A tag that may not move and already names what it is to name is no failure. */
async function throwUnlessThere(session: Session, { reference, digest, error }: Refused): Promise<void> {
  if (!(error instanceof RegistryError) || !MAYBE_IMMUTABLE.includes(error.status ?? 0)) throw error;
  if (reference.tag === undefined) throw error;
  const existing = await resolveManifest(session, reference).catch(() => undefined);
  if (existing === undefined) throw error;
  if (existing.digest === digest) return;
  const { method, url, status } = error;
  throw new RegistryError('REGISTRY_TAG_IMMUTABLE', `${formatReference(reference)} exists already: ${error.message}`, {
    method,
    url,
    status,
    hint: 'the registry may not let a tag be moved: push under another tag, or check the rights of this user',
    cause: error,
  });
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
