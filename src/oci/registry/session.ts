import type { Reference } from '../../core/reference.ts';
import type { AccessRequest, Authorizer } from './authorization.ts';
import { parseChallenges } from './challenge.ts';
import { repositoryUrl } from './endpoint.ts';
import type { HttpBody, HttpRequest, HttpResponse, Transport } from './http.ts';
import { isLedAway } from './redirect.ts';
import { toResponseError } from './response-error.ts';
import { type RetryPolicy, withRetry } from './retry.ts';

export type Repository = Pick<Reference, 'registry' | 'repository'>;

/** What a token is asked for. */
const RIGHTS = { pull: 'pull', push: 'pull,push', delete: 'pull,delete' } as const;

/** One call of a registry's API. */
export interface ApiCall {
  readonly repository: Repository;
  /** Relative to the repository's address, or an address that the registry gave. */
  readonly path: string | URL;
  readonly method: HttpRequest['method'];
  /** `none` for what belongs to no repository. */
  readonly action: keyof typeof RIGHTS | 'none';
  /** Another repository of the registry that is read as well. */
  readonly source?: string | undefined;
  /** What is asked for, for messages. */
  readonly subject: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: HttpBody;
  /** Statuses that are answers; every other one is an error. */
  readonly accept: readonly number[];
}

/** Calls a registry: authorised, with errors instead of unwanted statuses. */
export interface Session {
  /** Once, without retries. */
  exchange(call: ApiCall): Promise<HttpResponse>;
  /** With retries; `read` is part of an attempt, so that a body which breaks off is asked for again. */
  request<T>(call: ApiCall, read: (response: HttpResponse) => Promise<T> | T): Promise<T>;
  readonly retry: RetryPolicy;
  /** `host[:port]` of registries spoken to over plain HTTP. */
  readonly insecure: readonly string[];
}

export interface SessionOptions {
  readonly transport: Transport;
  readonly authorizer: Authorizer;
  readonly insecure: readonly string[];
  readonly retry: RetryPolicy;
  readonly now: () => number;
}

export function createSession(options: SessionOptions): Session {
  const exchange = (call: ApiCall): Promise<HttpResponse> => exchangeOnce(call, options);
  return {
    exchange,
    request: (call, read) => withRetry(options.retry, async () => read(await exchange(call))),
    retry: options.retry,
    insecure: options.insecure,
  };
}

async function exchangeOnce(call: ApiCall, options: SessionOptions): Promise<HttpResponse> {
  const { transport, authorizer } = options;
  const base = repositoryUrl(call.repository, options.insecure);
  const request = toRequest(call, base);
  const { sent, response } =
    request.url.origin === base.origin
      ? await sendAuthorized({ request, access: accessOf(call, base), transport, authorizer })
      : { sent: request, response: await transport.send(request) };
  if (call.accept.includes(response.status)) return response;
  const { registry } = call.repository;
  throw await toResponseError({ request: sent, response, subject: call.subject, registry, now: options.now() });
}

interface AuthorizedRequest {
  readonly request: HttpRequest;
  readonly access: AccessRequest;
  readonly transport: Transport;
  readonly authorizer: Authorizer;
}

interface Exchange {
  readonly sent: HttpRequest;
  readonly response: HttpResponse;
}

/** Sends with the authorization as known so far, and once more when the registry itself asks for another one. */
async function sendAuthorized({ request, access, transport, authorizer }: AuthorizedRequest): Promise<Exchange> {
  const refused = await authorizer.prepare(access);
  const sent = { ...request, authorization: refused };
  const response = await transport.send(sent);
  if (response.status !== 401 || response.url.origin !== request.url.origin) return { sent, response };
  const challenges = parseChallenges(response.headers['www-authenticate'] ?? '');
  const authorization = await authorizer.answer(access, challenges, refused);
  if (authorization === undefined) return { sent, response };
  response.discard();
  const again = { ...request, authorization };
  return { sent: again, response: await transport.send(again) };
}

function toRequest(call: ApiCall, base: URL): HttpRequest {
  const { method, path, headers, body } = call;
  const url = new URL(path, base);
  return { method, url, isForeign: isLedAway(url, base), ...(headers && { headers }), ...(body && { body }) };
}

function accessOf({ repository, action, source }: ApiCall, base: URL): AccessRequest {
  if (action === 'none') return { registry: repository.registry, registryUrl: base, scopes: [] };
  const own = `repository:${repository.repository}:${RIGHTS[action]}`;
  const scopes = source === undefined ? [own] : [own, `repository:${source}:pull`].sort();
  return { registry: repository.registry, registryUrl: base, scopes };
}
