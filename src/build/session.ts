import { join } from 'node:path';
import { createBlobIndex } from '../cache/blob-index.ts';
import { type CacheRecords, createCacheRecords } from '../cache/records.ts';
import { openStatCache, type StatCache } from '../context/stat-cache.ts';
import { createLimit, type Limit } from '../io/limit.ts';
import { createWorkspace, reclaimWorkspaces, type Workspace } from '../io/workspace.ts';
import { createRegistryClient, type RegistryClient } from '../oci/registry/client.ts';
import { type SandboxHost, startSandboxHost } from '../rootfs/sandbox-host.ts';
import { createTocStore } from '../rootfs/toc-store.ts';
import { abortableStore } from '../store/abortable-store.ts';
import { type BlobStore, createBlobStore } from '../store/blob-store.ts';
import type { Settings } from './defaults.ts';
import type { BuildEvent } from './events.ts';
import { createLayerLibrary, type LayerLibrary } from './layer-library.ts';
import { createImageNames, type ImageNames } from './names.ts';
import type { BuildOptions } from './options.ts';
import { createPulledImages, type PulledImages } from './pulled.ts';

/** What one build works with. Everything that must be given back is given back when it is disposed. */
export interface Session extends AsyncDisposable {
  readonly options: BuildOptions;
  readonly settings: Settings;
  readonly store: BlobStore;
  readonly storeDir: string;
  readonly names: ImageNames;
  readonly pulled: PulledImages;
  readonly records: CacheRecords;
  readonly library: LayerLibrary;
  readonly statCache: StatCache;
  readonly workspace: Workspace;
  /** Bounds the steps that run at the same time. */
  readonly limit: Limit;
  /** Aborted by the caller or by the first step that fails. */
  readonly signal: AbortSignal;
  now(): Date;
  emit(event: BuildEvent): void;
  registry(): RegistryClient;
  /** Started when the first RUN needs it. */
  sandboxHost(): Promise<SandboxHost>;
}

export function openSession(options: BuildOptions, settings: Settings, signal: AbortSignal): Session {
  const { cacheDir } = settings;
  const temporary = join(cacheDir, 'tmp');
  const abandoned = reclaimWorkspaces(temporary);
  const workspace = createWorkspace(temporary);
  const storeDir = join(cacheDir, 'store');
  const files = createBlobStore(storeDir, { ingestDir: join(workspace.path, 'ingest') });
  const store = abortableStore(files, signal);
  const statCache = openStatCache(join(cacheDir, 'stat-cache'));
  let client: RegistryClient | undefined;
  let host: Promise<SandboxHost> | undefined;

  async function startHost(): Promise<SandboxHost> {
    const started = await startSandboxHost({
      stateDir: join(cacheDir, 'snapshots'),
      tempDir: workspace.path,
      isolation: options.isolation ?? 'auto',
      signal,
    });
    if (abandoned.length > 0) await started.reclaim(abandoned);
    return started;
  }

  return {
    options,
    settings,
    store,
    storeDir,
    names: createImageNames(storeDir),
    pulled: createPulledImages(join(cacheDir, 'pulled')),
    records: createCacheRecords(join(cacheDir, 'records')),
    library: createLayerLibrary({
      store,
      blobs: createBlobIndex(join(cacheDir, 'blobs')),
      tocs: createTocStore(join(cacheDir, 'tocs')),
      compression: settings.compression,
    }),
    statCache,
    workspace,
    limit: createLimit(settings.maxParallelism),
    signal,
    now: options.now ?? (() => new Date()),
    emit: (event) => options.onEvent?.(event),
    registry() {
      client ??= createRegistryClient({ ...options.registry, signal });
      return client;
    },
    sandboxHost() {
      host ??= startHost();
      return host;
    },
    async [Symbol.asyncDispose]() {
      statCache.save();
      await host?.then((started) => started[Symbol.asyncDispose]()).catch(() => undefined);
      await client?.close();
      await workspace[Symbol.asyncDispose]();
    },
  };
}
