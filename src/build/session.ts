import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type BlobIndex, createBlobIndex } from '../cache/blob-index.ts';
import { createBlockLists } from '../cache/block-lists.ts';
import { createDefinitions, type Definitions } from '../cache/definitions.ts';
import { type CacheRecords, createCacheRecords } from '../cache/records.ts';
import { openStatCache, type StatCache } from '../context/stat-cache.ts';
import type { IsolationMethod } from '../core/sandbox.ts';
import { createLimit, type Limit } from '../io/limit.ts';
import { createWorkspace, reclaimWorkspaces, type Workspace } from '../io/workspace.ts';
import { createRegistryClient, type RegistryClient } from '../oci/registry/client.ts';
import { type SandboxHost, startSandboxHost } from '../rootfs/sandbox-host.ts';
import { createTocStore, type TocStore } from '../rootfs/toc-store.ts';
import { abortableStore } from '../store/abortable-store.ts';
import { type BlobStore, createBlobStore } from '../store/blob-store.ts';
import { type CacheFolders, cacheFolders } from './cache-folders.ts';
import { type Claims, claimingStore, createClaims } from './claims.ts';
import type { BuildControl } from './control.ts';
import type { Settings } from './defaults.ts';
import { createLayerLibrary, type LayerLibrary } from './layer-library.ts';
import { createImageNames, type ImageNames } from './names.ts';
import type { BuildOptions } from './options.ts';
import { createPulledImages, type PulledImages } from './pulled.ts';
import { createRemoteSources, type RemoteSources } from './remote/remote-sources.ts';
import { createLazyLayers, type LazyLayers, lazyStore } from './shared/lazy-layers.ts';
import { createSharedCaches, type SharedCaches } from './shared/shared-caches.ts';
import { type BuildInputs, createBuildInputs } from './unchanged/build-inputs.ts';

/** What one build works with. Disposing gives everything back that must be given back, and never throws. */
export interface Session extends BuildControl, AsyncDisposable {
  readonly options: BuildOptions;
  readonly settings: Settings;
  readonly store: BlobStore;
  readonly storeDir: string;
  readonly folders: CacheFolders;
  /** What this build uses. */
  readonly claims: Claims;
  readonly names: ImageNames;
  readonly pulled: PulledImages;
  readonly records: CacheRecords;
  readonly definitions: Definitions;
  readonly blobs: BlobIndex;
  readonly tocs: TocStore;
  readonly library: LayerLibrary;
  readonly statCache: StatCache;
  readonly inputs: BuildInputs;
  readonly workspace: Workspace;
  /** Bounds the steps that run at the same time. */
  readonly limit: Limit;
  now(): Date;
  /** Tells of a method of isolation once, however many commands it runs. */
  isolatedBy(method: IsolationMethod): void;
  registry(): RegistryClient;
  /** What ADD and contexts fetch. */
  remotes(): RemoteSources;
  /** Layers that are elsewhere until they are needed. */
  readonly lazyLayers: LazyLayers;
  /** `undefined` when nothing is shared. */
  shared(): SharedCaches | undefined;
  /** Started when the first RUN needs it. */
  sandboxHost(): Promise<SandboxHost>;
}

/** A workspace whose claims cannot be written (a full disk) goes again. */
function claimsOf({ path }: Workspace, folders: CacheFolders): Claims {
  try {
    return createClaims(path, folders);
  } catch (error) {
    rmSync(path, { recursive: true, force: true });
    throw error;
  }
}

export function openSession(
  options: BuildOptions,
  settings: Settings,
  control: BuildControl & { readonly inputs?: BuildInputs },
): Session {
  const folders = cacheFolders(settings.cacheDir);
  const { signal, emit } = control;
  const abandoned = reclaimWorkspaces(folders.temporary);
  const workspace = createWorkspace(folders.temporary);
  const storeDir = folders.store;
  const claims = claimsOf(workspace, folders);
  const blobStore = createBlobStore(storeDir, { ingestDir: join(workspace.path, 'ingest') });
  const claimed = abortableStore(claimingStore(blobStore, claims), signal);
  const lazyLayers = createLazyLayers(claimed);
  const store = lazyStore(claimed, lazyLayers);
  const blobs = createBlobIndex(folders.blobs);
  const tocs = createTocStore(folders.tocs);
  const statCache = openStatCache(folders.statCache);
  const methods = new Set<IsolationMethod>();
  let client: RegistryClient | undefined;
  let remotes: RemoteSources | undefined;
  let shared: SharedCaches | undefined;
  let host: Promise<SandboxHost> | undefined;

  async function startHost(): Promise<SandboxHost> {
    const started = await startSandboxHost({
      stateDir: folders.snapshots,
      tempDir: workspace.path,
      isolation: options.isolation ?? 'auto',
      snapshotter: options.snapshotter,
      signal,
    });
    emit({ type: 'snapshotter', ...started.snapshotter });
    if (abandoned.length > 0) await quietly(started.reclaim(abandoned));
    return started;
  }

  const session: Session = {
    ...control,
    options,
    settings,
    store,
    storeDir,
    folders,
    claims,
    names: createImageNames(storeDir),
    pulled: createPulledImages(folders.pulled),
    records: createCacheRecords(folders.records),
    definitions: createDefinitions(folders.definitions),
    blobs,
    tocs,
    library: createLayerLibrary({
      store,
      blobs,
      tocs,
      blocks: createBlockLists(folders.blocks),
      compression: settings.compression,
      limits: settings.limits,
    }),
    statCache,
    inputs: control.inputs ?? createBuildInputs(options, settings),
    workspace,
    limit: createLimit(settings.maxParallelism),
    now: options.now ?? (() => new Date()),
    isolatedBy(method) {
      if (!methods.has(method)) emit({ type: 'isolation', method });
      methods.add(method);
    },
    registry() {
      if (settings.offline) throw new TypeError('an offline build asks for a registry');
      client ??= createRegistryClient({ ...options.registry, signal });
      return client;
    },
    lazyLayers,
    shared() {
      const { cacheFrom = [], cacheTo = [] } = options;
      if (cacheFrom.length + cacheTo.length > 0) shared ??= createSharedCaches(session);
      return shared;
    },
    remotes() {
      remotes ??= createRemoteSources(session);
      return remotes;
    },
    sandboxHost() {
      host ??= startHost();
      return host;
    },
    async [Symbol.asyncDispose]() {
      statCache.save();
      await quietly(host?.then((started) => started[Symbol.asyncDispose]()));
      await quietly(shared?.atRest());
      await quietly(client?.close());
      await quietly(remotes?.close());
      await quietly(workspace[Symbol.asyncDispose]());
    },
  };
  return session;
}

/** What cannot be given back now is reclaimed by a later build; it must not hide how this one ended. */
async function quietly(work: PromiseLike<unknown> | undefined): Promise<void> {
  try {
    await work;
  } catch {}
}
