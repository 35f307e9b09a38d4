import { RegistryError } from '../../core/errors.ts';
import type { HttpResponse } from './http.ts';
import { PROGRESS_BYTES, waitOrThrow } from './retry.ts';
import type { ApiCall, Session } from './session.ts';

/** Reads a body to its end; where the connection breaks off, a further request goes on from there. */
export async function* download(session: Session, call: Omit<ApiCall, 'accept'>): AsyncGenerator<Uint8Array, void> {
  let offset = 0;
  let failedAt = 0;
  for (let failures = 1; ; failures++) {
    try {
      const response = await session.exchange(rangeFrom(offset, call));
      for await (const chunk of bodyFrom(offset, response)) {
        offset += chunk.length;
        yield chunk;
      }
      return;
    } catch (error) {
      if (offset - failedAt >= PROGRESS_BYTES) failures = 1;
      failedAt = offset;
      await waitOrThrow(session.retry, error, failures);
    }
  }
}

function rangeFrom(offset: number, call: Omit<ApiCall, 'accept'>): ApiCall {
  if (offset === 0) return { ...call, accept: [200] };
  return { ...call, accept: [200, 206], headers: { ...call.headers, range: `bytes=${offset}-` } };
}

/** A server may send the part that was asked for, or all of it. */
async function* bodyFrom(offset: number, response: HttpResponse): AsyncGenerator<Uint8Array, void> {
  if (response.status === 206) checkRange(offset, response);
  let skip = response.status === 206 ? 0 : offset;
  for await (const chunk of response.body) {
    const rest = chunk.subarray(Math.min(skip, chunk.length));
    skip -= chunk.length - rest.length;
    if (rest.length > 0) yield rest;
  }
}

function checkRange(offset: number, response: HttpResponse): void {
  if (response.headers['content-range']?.startsWith(`bytes ${offset}-`)) return;
  response.discard();
  throw new RegistryError('REGISTRY_BAD_ANSWER', `${response.url.host} sends another part of the content than asked`, {
    status: response.status,
    hint: 'the registry, or a proxy in front of it, is set up wrongly; ask whoever runs it',
  });
}
