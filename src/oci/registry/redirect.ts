import { RegistryError } from '../../core/errors.ts';
import { type HttpRequest, type HttpResponse, redactUrl } from './http.ts';
import { isLinkLocal } from './link-local.ts';

export const MAX_REDIRECTS: number = 5;

const REPEATABLE = [307, 308];
const REDIRECTS: readonly number[] = [301, 302, 303, ...REPEATABLE];

export function isRedirect(response: HttpResponse): boolean {
  return REDIRECTS.includes(response.status) && response.headers.location !== undefined;
}

/**
 * The request that a redirect asks for. Credentials stay with their origin: object stores refuse them, and another host
 * must not learn them.
 * @throws RegistryError `REGISTRY_BAD_REDIRECT`
 */
export function followRedirect(request: HttpRequest, response: HttpResponse): HttpRequest {
  const url = resolveLocation(request.url, response.headers.location);
  const readOnly = request.method === 'GET' || request.method === 'HEAD';
  if (!readOnly && !REPEATABLE.includes(response.status)) {
    throw badRedirect(request.url, `${response.status} in answer to ${request.method}`);
  }
  if (request.secret !== undefined && url.origin !== request.url.origin) {
    throw badRedirect(request.url, 'a request with a secret to another host');
  }
  const { authorization, ...rest } = request;
  return {
    ...rest,
    url,
    ...(isLedAway(url, request.url) && { isForeign: true }),
    ...(url.origin === request.url.origin && { authorization }),
  };
}

/**
 * An address that a server names, resolved against the one that was asked.
 * @throws RegistryError `REGISTRY_BAD_REDIRECT`, also when it would leave HTTPS, or lead to a link-local address
 */
export function resolveLocation(from: URL, location: string | undefined): URL {
  if (location === undefined || !URL.canParse(location, from.href)) throw badRedirect(from, 'without a valid address');
  const url = new URL(location, from);
  if (from.protocol === 'https:' && url.protocol !== 'https:') {
    throw badRedirect(from, `from HTTPS to ${redactUrl(url)}, which is not`);
  }
  if (!/^https?:$/.test(url.protocol)) throw badRedirect(from, `to the scheme ${url.protocol}`);
  if (isLinkLocal(url) && !isLinkLocal(from))
    throw badRedirect(from, `to ${url.host}, which is for this machine alone`);
  return url;
}

/** Whether a server names another host than the one that the user trusts with its address; a link-local one may name its like. */
export function isLedAway(to: URL, from: URL): boolean {
  return to.hostname !== from.hostname && !isLinkLocal(from);
}

export function badRedirect(from: URL, what: string): RegistryError {
  return new RegistryError('REGISTRY_BAD_REDIRECT', `${from.host} redirects ${what}`, {
    url: redactUrl(from),
    hint: 'the registry, or a proxy in front of it, is set up wrongly; ask whoever runs it',
  });
}
