import { setTimeout as sleep } from 'node:timers/promises';
import type { Digest } from '../../core/digest.ts';
import type { Descriptor } from '../../core/image.ts';
import type { Reference } from '../../core/reference.ts';
import { createAuthorizer } from './authorization.ts';
import type { CertificateOptions } from './certificates.ts';
import { type CredentialOptions, createCredentialFinder } from './credentials.ts';
import type { Timeouts } from './http.ts';
import { type Mirrors, withMirrors } from './mirrors.ts';
import { ping } from './ping.ts';
import { headBlob, type PushOutcome, pushBlob } from './push-blob.ts';
import { pushManifest } from './push-manifest.ts';
import { createReader, type RegistryReader } from './reader.ts';
import { createSession, type Repository, type Session } from './session.ts';
import { deleteManifest, listTags } from './tags.ts';
import { createTransport, DEFAULT_TIMEOUTS } from './transport.ts';
import type { BlobPush } from './upload.ts';

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
  /** Whether there is a registry that lets us in: `GET /v2/` (distribution-spec, "Determining Support"). */
  ping(registry: string): Promise<void>;
  tags(repository: Repository): AsyncIterable<string>;
  /** Many registries do not allow it: that is a RegistryError. */
  deleteManifest(manifest: Repository & { readonly digest: Digest }): Promise<void>;
  close(): Promise<void>;
}

export interface RegistryClientOptions extends CredentialOptions, CertificateOptions {
  /** `host[:port]` of registries spoken to over plain HTTP; loopback always is. */
  readonly insecure?: readonly string[] | undefined;
  readonly mirrors?: Mirrors | undefined;
  /** Default `lamella`. */
  readonly userAgent?: string | undefined;
  /** Ends every request under way; its reason is thrown. */
  readonly signal?: AbortSignal | undefined;
  readonly timeouts?: Partial<Timeouts> | undefined;
  /** Attempts of a request that fails for a passing reason. Default 4. */
  readonly attempts?: number | undefined;
  /** How to wait between attempts. */
  readonly delay?: ((ms: number) => Promise<void>) | undefined;
  readonly random?: (() => number) | undefined;
  readonly now?: (() => number) | undefined;
}

export function createRegistryClient(options: RegistryClientOptions = {}): RegistryClient {
  const { insecure = [], userAgent = 'lamella', attempts = 4, now = Date.now, signal } = options;
  const timeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts };
  const transport = createTransport({ ...options, userAgent, timeouts });
  const findCredentials = createCredentialFinder(options);
  const authorizer = createAuthorizer({ transport, findCredentials, now });
  const delay = options.delay ?? ((ms: number) => wait(ms, signal));
  const sessionWith = (tries: number): Session => {
    const retry = { attempts: tries, delay, random: options.random ?? Math.random };
    return createSession({ transport, authorizer, insecure, retry, now });
  };
  const session = sessionWith(attempts);
  const origin = createReader(session);
  const { mirrors } = options;
  const reader =
    mirrors === undefined ? origin : withMirrors(mirrors, { origin, mirror: createReader(sessionWith(1)) });
  return {
    ...reader,
    ping: (registry) => ping(session, registry),
    hasBlob: (repository, digest) => headBlob(session, repository, digest),
    pushBlob: (repository, push) => pushBlob(session, repository, push),
    pushManifest: (reference, manifest) => pushManifest(session, reference, manifest),
    tags: (repository) => listTags(session, repository),
    deleteManifest: (manifest) => deleteManifest(session, manifest),
    close: () => transport.close(),
  };
}

async function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(ms, undefined, signal === undefined ? {} : { signal });
  } catch {
    signal?.throwIfAborted();
  }
}
