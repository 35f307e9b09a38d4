import { RegistryError } from '../../core/errors.ts';
import { objectIn } from '../image/json.ts';
import type { Challenge } from './challenge.ts';
import type { FindCredentials } from './credentials.ts';
import type { Credentials } from './docker-config.ts';
import { isLoopback } from './endpoint.ts';
import { type HttpRequest, type HttpResponse, readLimited, redactUrl, type Transport } from './http.ts';
import { isLinkLocal } from './link-local.ts';
import { isLedAway } from './redirect.ts';
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
  /**
   * The header for the next request, as far as the registry has said before how it wants to be asked: a token that is
   * about to expire is replaced first.
   */
  prepare(access: AccessRequest): Promise<string | undefined>;
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
const CLIENT_ID = 'lamella';

/** What is known of the registries that were asked so far. */
interface Known extends AuthorizerOptions {
  /** By {@link keyOf}; of Basic by registry. */
  readonly grants: Map<string, Grant>;
  /** How each registry last asked for a token. */
  readonly challenges: Map<string, readonly Challenge[]>;
}

export function createAuthorizer(options: AuthorizerOptions): Authorizer {
  const known: Known = { ...options, grants: new Map(), challenges: new Map() };
  const pending = new Map<string, Promise<Grant | undefined>>();

  /** Requests that need the same token at once wait for one question. */
  const askOnce = (access: AccessRequest, challenges: readonly Challenge[]): Promise<Grant | undefined> => {
    const key = keyOf(access);
    const question = pending.get(key) ?? ask(known, access, challenges).finally(() => pending.delete(key));
    pending.set(key, question);
    return question;
  };

  return {
    async prepare(access) {
      const challenges = known.challenges.get(access.registry);
      return currentHeader(known, access) ?? (challenges && (await askOnce(access, challenges))?.header);
    },
    async answer(access, challenges, refused) {
      const header = currentHeader(known, access);
      if (header !== undefined && header !== refused) return header;
      const granted = (await askOnce(access, challenges))?.header;
      return granted === refused ? undefined : granted;
    },
  };
}

function currentHeader({ grants, now }: Known, access: AccessRequest): string | undefined {
  const grant = grants.get(keyOf(access)) ?? grants.get(access.registry);
  return grant !== undefined && grant.expiresAt > now() ? grant.header : undefined;
}

/** Gets what the challenges ask for, and keeps it. */
async function ask(known: Known, access: AccessRequest, challenges: readonly Challenge[]): Promise<Grant | undefined> {
  const bearer = challenges.find((challenge) => challenge.scheme === 'bearer');
  const credentials = await known.findCredentials(access.registry);
  if (bearer !== undefined) {
    known.challenges.set(access.registry, challenges);
    const grant = await grantFor({ ...known, access, challenge: bearer, credentials });
    known.grants.set(keyOf(access), grant);
    return grant;
  }
  const header = challenges.some(({ scheme }) => scheme === 'basic') ? basic(credentials) : undefined;
  if (header === undefined) return undefined;
  const grant = { header, expiresAt: Number.POSITIVE_INFINITY };
  known.grants.set(access.registry, grant);
  return grant;
}

function keyOf(access: AccessRequest): string {
  return `${access.registry} ${access.scopes.join(' ')}`;
}

/** `undefined` without a password: a token is no answer to a challenge for Basic. */
function basic(credentials: Credentials | undefined): string | undefined {
  if (credentials === undefined || !('password' in credentials)) return undefined;
  return `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`;
}

interface TokenRequest extends AuthorizerOptions {
  readonly access: AccessRequest;
  readonly challenge: Challenge;
  readonly credentials: Credentials | undefined;
}

async function grantFor(ask: TokenRequest): Promise<Grant> {
  const { credentials } = ask;
  if (credentials === undefined || !('registryToken' in credentials)) return await requestToken(ask);
  return { header: `Bearer ${credentials.registryToken}`, expiresAt: Number.POSITIVE_INFINITY };
}

/** Asks the token server that the registry names (token authentication specification), anonymously or as the user. */
async function requestToken(ask: TokenRequest): Promise<Grant> {
  const { transport, access, now } = ask;
  const request = toTokenRequest(ask);
  const response = await transport.send(request);
  if (response.status !== 200) {
    const subject = `token for ${access.scopes.join(' ') || access.registry}`;
    throw await toResponseError({ request, response, subject, registry: access.registry, now: now() });
  }
  return parseToken(await readLimited(response, TOKEN_LIMIT), response, now());
}

/** An identity token is handed over in the body of a POST, as OAuth 2 has it; everything else is asked for with GET. */
function toTokenRequest(ask: TokenRequest): HttpRequest {
  const { credentials } = ask;
  const url = tokenUrl(ask);
  const isForeign = isLedAway(url, ask.access.registryUrl);
  if (credentials === undefined || !('identityToken' in credentials)) {
    const authorization = basic(credentials);
    return { method: 'GET', url, isForeign, ...(authorization !== undefined && { authorization }) };
  }
  const form = new URLSearchParams({ grant_type: 'refresh_token', client_id: CLIENT_ID });
  form.set('refresh_token', credentials.identityToken);
  form.set('service', url.searchParams.get('service') ?? '');
  form.set('scope', url.searchParams.getAll('scope').join(' '));
  url.search = '';
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return {
    method: 'POST',
    url,
    isForeign,
    headers,
    body: Buffer.from(form.toString()),
    secret: credentials.identityToken,
  };
}

function tokenUrl({ access, challenge, credentials }: TokenRequest): URL {
  const { realm = '', service, scope } = challenge.parameters;
  if (!URL.canParse(realm)) throw badRealm(access.registry, `names the token server ${JSON.stringify(realm)}`);
  const url = new URL(realm);
  const mayBePlain = access.registryUrl.protocol === 'http:' || isLoopback(url.host);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && mayBePlain)) {
    throw badRealm(access.registry, `wants ${credentials ? 'credentials' : 'a token asked for'} over ${url.protocol}`);
  }
  if (isLinkLocal(url) && !isLinkLocal(access.registryUrl)) {
    throw badRealm(access.registry, `names a token server that is for this machine alone, ${url.host}`);
  }
  if (service !== undefined) url.searchParams.set('service', service);
  const scopes = access.scopes.length > 0 ? access.scopes : [scope ?? ''];
  for (const item of scopes) if (item !== '') url.searchParams.append('scope', item);
  return url;
}

function parseToken({ bytes }: { readonly bytes: Buffer }, response: HttpResponse, now: number): Grant {
  const value = objectIn(bytes.toString('utf8'));
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

function badRealm(registry: string, what: string): RegistryError {
  return new RegistryError('REGISTRY_BAD_ANSWER', `${registry} ${what}`, {
    hint: 'the registry is set up wrongly: a token server has an https address; ask whoever runs it',
  });
}
