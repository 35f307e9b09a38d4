import type { Bytes } from '../../core/ports.ts';

/** Bytes in memory, or a stream of known length that can be read again when a request has to be repeated. */
export type HttpBody = Uint8Array | { readonly bytes: Bytes; readonly size: number };

export function sizeOf(body: HttpBody): number {
  return body instanceof Uint8Array ? body.byteLength : body.size;
}

export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** Goes to the origin of `url` only, never along with a redirect to another one. */
  readonly authorization?: string | undefined;
  readonly body?: HttpBody;
  /** Confidential text in the body: never followed to another origin, and taken out of messages. */
  readonly secret?: string;
  /** Somebody else than the user named the address: it must not lead to a link-local one, by its name neither. */
  readonly isForeign?: boolean;
}

/** An answer. Whoever has it reads `body` to its end or calls `discard`. */
export interface HttpResponse {
  readonly status: number;
  /** The first value of each header, names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Where the answer came from, after redirects. */
  readonly url: URL;
  readonly body: AsyncIterable<Uint8Array>;
  discard(): void;
}

/** Limits in milliseconds. */
export interface Timeouts {
  readonly connectMs: number;
  /** From the end of the request to the answer's headers; a registry hashes what was uploaded meanwhile. */
  readonly headersMs: number;
  /** Between two pieces of a body; and in so long at least `MIN_BYTES_PER_SECOND` of transport.ts must come on average. */
  readonly idleMs: number;
}

export interface Transport {
  /**
   * Sends a request and follows redirects. Every status is an answer.
   * @throws RegistryError `REGISTRY_UNREACHABLE`, `REGISTRY_BAD_REDIRECT`
   */
  send(request: HttpRequest): Promise<HttpResponse>;
  /** Closes idle connections; further requests fail. */
  close(): Promise<void>;
}

/** An address as a message may show it: user, password, query and fragment can hold secrets. */
export function redactUrl(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

/** Reads at most `limit` bytes of a body and lets go of the rest. */
export async function readLimited(response: HttpResponse, limit: number): Promise<{ bytes: Buffer; cut: boolean }> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > limit) break;
  }
  if (size > limit) response.discard();
  return { bytes: Buffer.concat(chunks).subarray(0, limit), cut: size > limit };
}
