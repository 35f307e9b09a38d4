import { setTimeout as sleep } from 'node:timers/promises';
import type { Digest } from '../../core/digest.ts';
import type { Descriptor } from '../../core/image.ts';
import type { Bytes } from '../../core/ports.ts';
import type { Reference } from '../../core/reference.ts';
import { verifyBytes } from '../../store/verify.ts';
import { type Credentials, createCredentialFinder } from './credentials.ts';
import { download } from './download.ts';
import { pullManifest, type RemoteManifest, resolveManifest } from './pull-manifest.ts';
import { type BlobPush, headBlob, type PushOutcome, pushBlob, pushManifest } from './push-content.ts';
import { createSession, type Repository, type Session } from './session.ts';
import { createTransport, DEFAULT_TIMEOUTS, type Timeouts } from './transport.ts';

/** Reads images of a registry. Everything is verified before, or (blobs) when, the last byte is given. */
export interface RegistryReader {
  /** What the tag or digest of a reference names: one small request. */
  resolve(reference: Reference): Promise<Descriptor>;
  manifest(reference: Reference, descriptor?: Descriptor): Promise<RemoteManifest>;
  /** @throws ContentError at the end of the iteration when the bytes are not those of the descriptor */
  blob(repository: Repository, descriptor: Pick<Descriptor, 'digest' | 'size'>): Bytes;
}

/** Writes images to a registry. */
export interface RegistryWriter {
  hasBlob(repository: Repository, digest: Digest): Promise<boolean>;
  pushBlob(repository: Repository, push: BlobPush): Promise<PushOutcome>;
  pushManifest(
    reference: Reference,
    manifest: { readonly bytes: Uint8Array; readonly mediaType: string },
  ): Promise<Descriptor>;
}

/** Talks to registries by the OCI distribution specification; keeps connections and tokens until it is closed. */
export interface RegistryClient extends RegistryReader, RegistryWriter {
  close(): Promise<void>;
}

export interface RegistryClientOptions {
  /** `host[:port]` of registries spoken to over plain HTTP; loopback always is. */
  readonly insecure?: readonly string[] | undefined;
  /** By registry; wins over the file. */
  readonly credentials?: Readonly<Record<string, Credentials>> | undefined;
  /** Path of a docker `config.json`. Default: `$DOCKER_CONFIG/config.json`, else `~/.docker/config.json`. */
  readonly configFile?: string | undefined;
  /** Default `lamella`. */
  readonly userAgent?: string | undefined;
  /** Ends every request under way; its reason is thrown. */
  readonly signal?: AbortSignal | undefined;
  readonly timeouts?: Partial<Timeouts> | undefined;
  /** Attempts of a request that fails for a passing reason. Default 4. */
  readonly attempts?: number | undefined;
  /** How to wait between attempts. */
  readonly delay?: ((ms: number) => Promise<void>) | undefined;
  readonly now?: (() => number) | undefined;
}

export function createRegistryClient(options: RegistryClientOptions = {}): RegistryClient {
  const { insecure = [], userAgent = 'lamella', attempts = 4, now = Date.now, signal } = options;
  const transport = createTransport({ userAgent, timeouts: { ...DEFAULT_TIMEOUTS, ...options.timeouts }, signal });
  const session = createSession({
    transport,
    findCredentials: createCredentialFinder(options),
    insecure,
    retry: { attempts, delay: options.delay ?? ((ms) => wait(ms, signal)) },
    now,
  });
  return {
    resolve: (reference) => resolveManifest(session, reference),
    manifest: (reference, descriptor) => pullManifest(session, reference, descriptor),
    blob: (repository, descriptor) => ({ [Symbol.asyncIterator]: () => pullBlob(session, repository, descriptor) }),
    hasBlob: (repository, digest) => headBlob(session, repository, digest),
    pushBlob: (repository, push) => pushBlob(session, repository, push),
    pushManifest: (reference, manifest) => pushManifest(session, reference, manifest),
    close: () => transport.close(),
  };
}

async function* pullBlob(
  session: Session,
  repository: Repository,
  descriptor: Pick<Descriptor, 'digest' | 'size'>,
): AsyncGenerator<Uint8Array, void> {
  const bytes = download(session, {
    repository,
    path: `blobs/${descriptor.digest}`,
    method: 'GET',
    action: 'pull',
    subject: `${repository.registry}/${repository.repository} (${descriptor.digest})`,
  });
  yield* verifyBytes(bytes, { digest: descriptor.digest, size: descriptor.size });
}

async function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(ms, undefined, signal === undefined ? {} : { signal });
  } catch {
    signal?.throwIfAborted();
  }
}
