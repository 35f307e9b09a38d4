import { join } from 'node:path';
import { type BlobIndex, createBlobIndex } from '../cache/blob-index.ts';
import { type BlobRepositories, createBlobRepositories } from '../cache/blob-repositories.ts';
import { createBlockLists } from '../cache/block-lists.ts';
import { createDefinitions, type Definitions } from '../cache/definitions.ts';
import { createLongValues } from '../cache/long-values.ts';
import { type CacheRecords, createCacheRecords } from '../cache/records.ts';
import { openStatCache, type StatCache } from '../context/stat-cache.ts';
import type { Workspace } from '../io/workspace.ts';
import { createTocStore, type TocStore } from '../rootfs/toc-store.ts';
import { abortableStore } from '../store/abortable-store.ts';
import { type BlobStore, createBlobStore } from '../store/blob-store.ts';
import type { CacheFolders } from './cache-folders.ts';
import { type Claims, claimingStore } from './claims.ts';
import type { Settings } from './defaults.ts';
import { createLayerLibrary, type LayerLibrary } from './layer-library.ts';
import { createImageNames, type ImageNames } from './names.ts';
import { createPulledImages, type PulledImages } from './pulled.ts';
import { createLazyLayers, type LazyLayers, lazyStore } from './shared/lazy-layers.ts';

/** What the cache folder keeps from build to build. */
export interface KeptContent {
  readonly store: BlobStore;
  readonly storeDir: string;
  /** Layers that are elsewhere until they are needed. */
  readonly lazyLayers: LazyLayers;
  readonly names: ImageNames;
  readonly pulled: PulledImages;
  readonly records: CacheRecords;
  readonly definitions: Definitions;
  readonly blobs: BlobIndex;
  readonly blobRepositories: BlobRepositories;
  readonly tocs: TocStore;
  readonly library: LayerLibrary;
  readonly statCache: StatCache;
}

interface ContentRequest {
  readonly folders: CacheFolders;
  readonly workspace: Workspace;
  readonly claims: Claims;
  readonly settings: Pick<Settings, 'compression' | 'limits'>;
  readonly signal: AbortSignal;
}

/** The layers of a store, with what the folders beside it know of them. */
export function openLibrary(
  store: BlobStore,
  folders: CacheFolders,
  { compression, limits }: ContentRequest['settings'],
): Pick<KeptContent, 'blobs' | 'tocs' | 'library'> {
  const blobs = createBlobIndex(folders.blobs);
  const tocs = createTocStore(folders.tocs);
  const blocks = createBlockLists(folders.blocks);
  return { blobs, tocs, library: createLayerLibrary({ store, blobs, tocs, blocks, compression, limits }) };
}

export function openContent({ folders, workspace, claims, settings, signal }: ContentRequest): KeptContent {
  const blobStore = createBlobStore(folders.store, { ingestDir: join(workspace.path, 'ingest') });
  const claimed = abortableStore(claimingStore(blobStore, claims), signal);
  const lazyLayers = createLazyLayers(claimed);
  const store = lazyStore(claimed, lazyLayers);
  return {
    ...openLibrary(store, folders, settings),
    store,
    storeDir: folders.store,
    lazyLayers,
    names: createImageNames(folders.store),
    pulled: createPulledImages(folders.pulled),
    records: createCacheRecords(folders.records, createLongValues(folders.longValues)),
    definitions: createDefinitions(folders.definitions),
    blobRepositories: createBlobRepositories(folders.repositories),
    statCache: openStatCache(folders.statCache),
  };
}
