import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Dispatcher } from 'undici';
import { createLimit } from '../io/limit.ts';
import { npmError } from './npm-error.ts';
import type { TarballPackage } from './npm-tree.ts';
import { listOf } from './npmrc.ts';
import type { RegistryConfig } from './registry-config.ts';
import { type SettingLayers, settingOf } from './settings.ts';
import type { TarballStore } from './tarballs.ts';

export interface FetchOptions {
  readonly store: TarballStore;
  readonly registry: RegistryConfig;
  /** Proxies, certificates and limits: the settings of this machine. */
  readonly settings: SettingLayers;
  /** Bytes of a tarball that is a file of the project. */
  readonly readProjectFile: (path: string) => Promise<Uint8Array | undefined>;
  /** Whether no registry may be asked. */
  readonly offline: boolean;
  readonly signal: AbortSignal;
}

/** How many are fetched at a time: npm's own default is 15 connections for each host. */
const PARALLEL = 15;
const ATTEMPTS = 3;
/** Doubled after each further failure: a registry that is overloaded needs time. */
const FIRST_WAIT_MS = 250;
const HEADERS_TIMEOUT_MS = 60_000;
const MAX_REDIRECTS = 5;

/** Gives the bytes of tarballs, each read once and verified. */
export interface TarballSource extends AsyncDisposable {
  /** @throws StepError `STEP_NPM_TARBALL_MISSING` naming the package; ContentError `CONTENT_DIGEST_MISMATCH` */
  get(candidate: TarballPackage): Promise<Buffer>;
}

/** Tarballs of this machine, or of the registry: what is fetched is verified and kept. */
export function createTarballSource(options: FetchOptions): TarballSource {
  const limit = createLimit(PARALLEL);
  let connection: Promise<Connection> | undefined;

  async function obtain(candidate: TarballPackage): Promise<Buffer> {
    const { resolved, integrity } = candidate.source;
    const bytes = resolved?.startsWith('file:')
      ? await readLocal(candidate, resolved.slice('file:'.length), options)
      : await limit.run(async () => {
          options.signal.throwIfAborted();
          connection ??= openConnection(options.settings);
          return await download(candidate, options, await connection);
        });
    options.store.keep(integrity, bytes, labelOf(candidate));
    return bytes;
  }

  return {
    get: async (candidate) => options.store.find(candidate.source.integrity) ?? (await obtain(candidate)),
    async [Symbol.asyncDispose]() {
      const opened = await connection?.catch(() => undefined);
      await opened?.dispatcher.close();
    },
  };
}

function labelOf({ name, version }: TarballPackage): string {
  return `${name}@${version}`;
}

async function readLocal(candidate: TarballPackage, path: string, options: FetchOptions): Promise<Buffer> {
  const bytes = await options.readProjectFile(path);
  if (bytes !== undefined) return Buffer.from(bytes);
  throw missingTarball(candidate, options, { why: `${path} is not in the image`, hint: 'copy it before the step' });
}

interface Connection {
  readonly request: typeof import('undici').request;
  readonly dispatcher: Dispatcher;
}

async function openConnection(settings: SettingLayers): Promise<Connection> {
  const { EnvHttpProxyAgent, request } = await import('undici');
  const text = (name: string): string | undefined => settingOf(settings, name)?.toString();
  const httpProxy = text('proxy') ?? text('http-proxy');
  const httpsProxy = text('https-proxy') ?? httpProxy;
  const noProxy = listOf(settingOf(settings, 'noproxy')).join(',');
  const cafile = text('cafile');
  const tls = {
    ...(cafile !== undefined && { ca: readFileSync(cafile, 'utf8') }),
    ...(text('strict-ssl') === 'false' && { rejectUnauthorized: false }),
  };
  const dispatcher = new EnvHttpProxyAgent({
    ...(httpProxy !== undefined && { httpProxy }),
    ...(httpsProxy !== undefined && { httpsProxy }),
    ...(noProxy !== '' && { noProxy }),
    connect: { timeout: 15_000, ...tls },
    requestTls: tls,
    allowH2: false,
  });
  return { request, dispatcher };
}

async function download(candidate: TarballPackage, options: FetchOptions, connection: Connection): Promise<Buffer> {
  if (options.offline) throw missingTarball(candidate, options, { why: 'this build is offline', hint: OFFLINE_HINT });
  const first = options.registry.requestFor({ ...candidate, ...candidate.source });
  for (let attempt = 1; ; attempt++) {
    const answer = await getFollowing(first.url, options, connection).catch((error: unknown) => {
      if (options.signal.aborted) throw options.signal.reason;
      return { error };
    });
    if (Buffer.isBuffer(answer)) return answer;
    const isFinal = 'status' in answer && answer.status < 500 && answer.status !== 429 && answer.status !== 408;
    if (isFinal || attempt >= ATTEMPTS) throw missingTarball(candidate, options, toObstacle(first.url, answer));
    await delay(FIRST_WAIT_MS * 2 ** (attempt - 1), undefined, { signal: options.signal });
  }
}

type Failure = { readonly status: number } | { readonly error: unknown };

/** Credentials are looked up anew for each address, so that a redirection takes them nowhere. */
async function getFollowing(first: URL, options: FetchOptions, connection: Connection): Promise<Buffer | Failure> {
  let url = first;
  for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
    const authorization = options.registry.authorizationFor(url);
    const answer = await connection.request(url, {
      headers: { 'user-agent': 'lamella', ...(authorization !== undefined && { authorization }) },
      dispatcher: connection.dispatcher,
      headersTimeout: HEADERS_TIMEOUT_MS,
      signal: options.signal,
    });
    if (answer.statusCode === 200) return Buffer.from(await answer.body.arrayBuffer());
    await answer.body.dump();
    const location = answer.headers.location;
    if (answer.statusCode < 300 || answer.statusCode > 399 || typeof location !== 'string') {
      return { status: answer.statusCode };
    }
    url = new URL(location, url);
  }
  return { status: 310 };
}

/** Why a tarball cannot be had, and what to do. */
interface Obstacle {
  readonly why: string;
  readonly hint: string;
  readonly cause?: unknown;
}

function toObstacle(url: URL, failure: Failure): Obstacle {
  const address = `${url.origin}${url.pathname}`;
  if ('error' in failure) {
    const { message, code } = failure.error as { readonly message?: string; readonly code?: string };
    const why = `${address} cannot be fetched: ${message || code || String(failure.error)}`;
    return { why, hint: OFFLINE_HINT, cause: failure.error };
  }
  const hint = failure.status === 401 || failure.status === 403 ? LOGIN_HINT : OFFLINE_HINT;
  return { why: `${address} answers ${failure.status}`, hint };
}

const OFFLINE_HINT = 'run `npm ci` once where the registry can be reached, which fills the cache, or check `registry`';
const LOGIN_HINT = 'log in with `npm login`, or put the token of this registry in your own .npmrc';
const CACHE_HINT = "give yourself the right to read npm's cache, or choose another one with `npm config set cache`";

function missingTarball(candidate: TarballPackage, { store }: FetchOptions, { why, hint, cause }: Obstacle): Error {
  const unreadable = store.obstacle(candidate.source.integrity);
  const [there, wayOn] =
    unreadable === undefined ? ["is not in npm's cache", hint] : [`cannot be read (${unreadable})`, CACHE_HINT];
  const message = `the tarball of ${labelOf(candidate)} ${there}, and ${why}`;
  return npmError('STEP_NPM_TARBALL_MISSING', message, wayOn, cause);
}
