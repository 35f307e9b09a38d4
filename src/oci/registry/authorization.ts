import { RegistryError } from '../../core/errors.ts';
import { isObject } from '../image/json.ts';
import type { Challenge } from './challenge.ts';
import type { Credentials, FindCredentials } from './credentials.ts';
import { isLoopback } from './endpoint.ts';
import { type HttpRequest, type HttpResponse, readLimited, redactUrl, type Transport } from './http.ts';
import { toResponseError } from './response-error.ts';

/** What a request wants to be allowed to do. */
export interface AccessRequest {
  readonly registry: string;
  /** Where the registry itself is: a token server need not be safer than that. */
  readonly registryUrl: URL;
  /** Scopes of the token specification, such as `repository:NAME:pull`, sorted. */
  readonly scopes: readonly string[];
}

/** Knows the `Authorization` header for each registry and scope. Tokens are kept until shortly before they expire. */
export interface Authorizer {
  /** The header known so far. */
  current(access: AccessRequest): string | undefined;
  /**
   * Answers the challenges of a 401. `refused` is the header that was refused; the same is never given twice.
   * `undefined` means that there is nothing (else) to offer.
   */
  answer(access: AccessRequest, challenges: readonly Challenge[], refused?: string): Promise<string | undefined>;
}

export interface AuthorizerOptions {
  readonly transport: Pick<Transport, 'send'>;
  readonly findCredentials: FindCredentials;
  readonly now: () => number;
}

interface Grant {
  readonly header: string;
  readonly expiresAt: number;
}

const TOKEN_LIMIT = 1 << 20;
/** The token specification's default when a server does not say. */
const DEFAULT_LIFE_SECONDS = 60;
const MARGIN_MS = 10_000;

export function createAuthorizer(options: AuthorizerOptions): Authorizer {
  const grants = new Map<string, Grant>();
  const pending = new Map<string, Promise<Grant | undefined>>();

  const current = (access: AccessRequest): string | undefined => {
    const grant = grants.get(keyOf(access)) ?? grants.get(access.registry);
    return grant !== undefined && grant.expiresAt > options.now() ? grant.header : undefined;
  };

  const ask = async (access: AccessRequest, challenges: readonly Challenge[]): Promise<Grant | undefined> => {
    const bearer = challenges.find((challenge) => challenge.scheme === 'bearer');
    const credentials = await options.findCredentials(access.registry);
    if (bearer !== undefined) {
      const grant = await requestToken({ ...options, access, challenge: bearer, credentials });
      grants.set(keyOf(access), grant);
      return grant;
    }
    if (credentials === undefined || !challenges.some((challenge) => challenge.scheme === 'basic')) return undefined;
    const grant = { header: basic(credentials), expiresAt: Number.POSITIVE_INFINITY };
    grants.set(access.registry, grant);
    return grant;
  };

  return {
    current,
    async answer(access, challenges, refused) {
      const known = current(access);
      if (known !== undefined && known !== refused) return known;
      const key = keyOf(access);
      const question = pending.get(key) ?? ask(access, challenges).finally(() => pending.delete(key));
      pending.set(key, question);
      const header = (await question)?.header;
      return header === refused ? undefined : header;
    },
  };
}

function keyOf(access: AccessRequest): string {
  return `${access.registry} ${access.scopes.join(' ')}`;
}

function basic({ username, password }: Credentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

interface TokenRequest extends AuthorizerOptions {
  readonly access: AccessRequest;
  readonly challenge: Challenge;
  readonly credentials: Credentials | undefined;
}

/** Asks the token server that the registry names (token authentication specification), anonymously or as the user. */
async function requestToken(ask: TokenRequest): Promise<Grant> {
  const { transport, access, credentials, now } = ask;
  const request: HttpRequest = {
    method: 'GET',
    url: tokenUrl(ask),
    ...(credentials !== undefined && { authorization: basic(credentials) }),
  };
  const response = await transport.send(request);
  if (response.status !== 200) {
    const subject = `token for ${access.scopes.join(' ')}`;
    throw await toResponseError({ request, response, subject, registry: access.registry, now: now() });
  }
  return parseToken(await readLimited(response, TOKEN_LIMIT), response, now());
}

function tokenUrl({ access, challenge, credentials }: TokenRequest): URL {
  const { realm = '', service, scope } = challenge.parameters;
  if (!URL.canParse(realm)) throw badRealm(access.registry, `names the token server ${JSON.stringify(realm)}`);
  const url = new URL(realm);
  const mayBePlain = access.registryUrl.protocol === 'http:' || isLoopback(url.host);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && mayBePlain)) {
    throw badRealm(access.registry, `wants ${credentials ? 'credentials' : 'a token asked for'} over ${url.protocol}`);
  }
  if (service !== undefined) url.searchParams.set('service', service);
  const scopes = access.scopes.length > 0 ? access.scopes : [scope ?? ''];
  for (const item of scopes) if (item !== '') url.searchParams.append('scope', item);
  return url;
}

function parseToken({ bytes }: { readonly bytes: Buffer }, response: HttpResponse, now: number): Grant {
  const value = parseObject(bytes);
  const token = [value.token, value.access_token].find((item) => typeof item === 'string' && item !== '');
  if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token)) {
    throw new RegistryError('REGISTRY_BAD_ANSWER', `the token server ${response.url.host} gave no token`, {
      url: redactUrl(response.url),
      status: response.status,
      hint: 'ask whoever runs the registry',
    });
  }
  const life = typeof value.expires_in === 'number' ? value.expires_in : DEFAULT_LIFE_SECONDS;
  return { header: `Bearer ${token}`, expiresAt: now + Math.max(life * 1000 - MARGIN_MS, MARGIN_MS) };
}

function parseObject(bytes: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

function badRealm(registry: string, what: string): RegistryError {
  return new RegistryError('REGISTRY_BAD_ANSWER', `${registry} ${what}`, {
    hint: 'the registry is set up wrongly: a token server has an https address; ask whoever runs it',
  });
}
