import { setTimeout as delay } from 'node:timers/promises';
import type { Digest } from '../../core/digest.ts';
import { ContentError, ContextError, RegistryError } from '../../core/errors.ts';
import { redactAddresses } from '../../core/git-url.ts';
import type { HttpRequest, HttpResponse, Transport } from '../../oci/registry/http.ts';
import { withRetry } from '../../oci/registry/retry.ts';
import { createTransport, DEFAULT_TIMEOUTS } from '../../oci/registry/transport.ts';
import type { DownloadRecord, DownloadRecords } from './download-records.ts';
import type { RemoteSession } from './remote-session.ts';

/** A file that was fetched; its content is in the store. */
export type Download = Pick<DownloadRecord, 'digest' | 'size' | 'modified'>;

/** Fetches files over HTTP, each once in a build, and only when they changed since an earlier one. */
export interface Downloads {
  /**
   * Content with the right `checksum` that is there already is not asked for again.
   * @throws ContextError `CONTEXT_DOWNLOAD_FAILED`, `CONTEXT_CHECKSUM_MISMATCH`
   */
  fetch(url: string, options?: FetchOptions): Promise<Download>;
  close(): Promise<void>;
}

export interface FetchOptions {
  readonly checksum?: Digest | undefined;
  /** The user named the address, not a Dockerfile: it may be a link-local one. */
  readonly isOwn?: boolean;
}

type DownloadSession = Pick<RemoteSession, 'store' | 'emit' | 'signal' | 'settings'>;

const ATTEMPTS = 4;
const REPORT_EVERY_BYTES = 512 * 1024;

export function createDownloads(session: DownloadSession, records: DownloadRecords): Downloads {
  const { signal } = session;
  const transport = createTransport({ userAgent: 'lamella', timeouts: DEFAULT_TIMEOUTS, signal });
  const running = new Map<string, Promise<Download>>();
  return {
    fetch(url, options = {}) {
      const key = JSON.stringify([url, options]);
      const download = running.get(key) ?? fetchFile({ session, records, transport, url, ...options });
      running.set(key, download);
      return download;
    },
    close: () => transport.close(),
  };
}

interface FetchRequest extends FetchOptions {
  readonly session: DownloadSession;
  readonly records: DownloadRecords;
  readonly transport: Transport;
  readonly url: string;
}

async function fetchFile(request: FetchRequest): Promise<Download> {
  const { session, records, url, checksum } = request;
  const known = await knownContent(request);
  if (known !== undefined && (checksum !== undefined || session.settings.offline)) return known;
  if (session.settings.offline) throw offline(redactAddresses(url));
  const wait = (ms: number): Promise<void> => delay(ms, undefined, { signal: session.signal });
  const policy = { attempts: ATTEMPTS, delay: wait, random: Math.random };
  try {
    const record = await withRetry(policy, () => exchange(request, known));
    records.record(url, record);
    return record;
  } catch (error) {
    throw toDownloadError(error, request);
  }
}

/** What an earlier build fetched, as long as the store still has it and the caller wants it. */
async function knownContent({ session, records, url, checksum }: FetchRequest): Promise<DownloadRecord | undefined> {
  const record = session.settings.noCache ? undefined : records.lookup(url);
  if (record === undefined || record.digest !== (checksum ?? record.digest)) return undefined;
  return (await session.store.has(record)) ? record : undefined;
}

async function exchange(request: FetchRequest, known: DownloadRecord | undefined): Promise<DownloadRecord> {
  const { session, transport, url, checksum } = request;
  const response = await transport.send(toHttpRequest(request, known));
  if (response.status === 304 && known !== undefined) {
    response.discard();
    return known;
  }
  if (response.status < 200 || response.status > 299) throw badStatus(response, url);
  try {
    const expected = checksum === undefined ? {} : { digest: checksum };
    const written = await session.store.write(reported(response, { url, session }), expected);
    return { ...written, ...validators(response) };
  } finally {
    // The store may have had the content already.
    response.discard();
  }
}

/** User and password of an address go into a header, and to its own host alone. */
function toHttpRequest({ url: address, isOwn = false }: FetchRequest, known: DownloadRecord | undefined): HttpRequest {
  const url = new URL(address);
  const { username, password } = url;
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  url.username = '';
  url.password = '';
  url.hash = '';
  return {
    method: 'GET',
    url,
    isForeign: !isOwn,
    headers: {
      accept: '*/*',
      // The bytes themselves are wanted, not what they unpack to.
      'accept-encoding': 'identity',
      ...(known?.etag !== undefined && { 'if-none-match': known.etag }),
      ...(known?.lastModified !== undefined && { 'if-modified-since': known.lastModified }),
    },
    ...(login !== ':' && { authorization: `Basic ${Buffer.from(login).toString('base64')}` }),
  };
}

function validators({ headers }: HttpResponse): Pick<DownloadRecord, 'etag' | 'lastModified' | 'modified'> {
  const { etag, 'last-modified': lastModified } = headers;
  const modified = Date.parse(lastModified ?? '') / 1000;
  return {
    ...(etag !== undefined && { etag }),
    ...(lastModified !== undefined && { lastModified }),
    ...(Number.isFinite(modified) && { modified }),
  };
}

async function* reported(
  { body, headers }: HttpResponse,
  { url, session }: { readonly url: string; readonly session: DownloadSession },
): AsyncGenerator<Uint8Array, void> {
  const total = Number(headers['content-length'] ?? Number.NaN);
  const label = `download ${redactAddresses(url)}`;
  const tell = (current: number, whole: number): void =>
    session.emit({ type: 'progress', id: label, label, current, ...(whole >= 0 && { total: whole }), unit: 'bytes' });
  let current = 0;
  let told = 0;
  for await (const chunk of body) {
    current += chunk.length;
    if (current - told >= REPORT_EVERY_BYTES) {
      tell(current, Number.isFinite(total) ? Math.max(total, current) : -1);
      told = current;
    }
    yield chunk;
  }
  tell(current, current);
}

/** An address that must be asked, by a build that asks nobody. */
function offline(address: string): ContextError {
  return new ContextError('CONTEXT_OFFLINE', `${address} is not on this machine, and the build is offline`, {
    hint: 'build once without --offline',
  });
}

function badStatus(response: HttpResponse, url: string): ContextError {
  response.discard();
  const { status } = response;
  const hint =
    status === 401 || status === 403
      ? 'it asks for a login: fetch it before the build, or in a RUN with a secret'
      : 'check the address; what is behind a login cannot be fetched';
  return new ContextError('CONTEXT_DOWNLOAD_FAILED', `cannot download ${redactAddresses(url)}: status ${status}`, {
    hint,
  });
}

function toDownloadError(error: unknown, { url, checksum }: FetchRequest): unknown {
  const address = redactAddresses(url);
  if (error instanceof RegistryError) {
    return new ContextError('CONTEXT_DOWNLOAD_FAILED', `cannot download ${address}: ${error.message}`, {
      hint: 'check the address, the network and proxies, and try again',
      cause: error,
    });
  }
  if (!(error instanceof ContentError) || error.code !== 'CONTENT_DIGEST_MISMATCH') return error;
  return new ContextError('CONTEXT_CHECKSUM_MISMATCH', `${address} is ${error.found}, not ${checksum}`, {
    hint: 'the file has changed, or the checksum is of another one: check what you get, then give its digest',
    cause: error,
  });
}
