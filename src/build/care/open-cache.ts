import { resolve } from 'node:path';
import { type BlobIndex, createBlobIndex } from '../../cache/blob-index.ts';
import { type BlobRepositories, createBlobRepositories } from '../../cache/blob-repositories.ts';
import { type BlockLists, createBlockLists } from '../../cache/block-lists.ts';
import { createDefinitions, type Definitions } from '../../cache/definitions.ts';
import { createLongValues, type LongValues } from '../../cache/long-values.ts';
import { type CacheRecords, createCacheRecords } from '../../cache/records.ts';
import { defaultCacheDir } from '../../io/host.ts';
import { createTocStore, type TocStore } from '../../rootfs/toc-store.ts';
import { type BlobStore, createBlobStore } from '../../store/blob-store.ts';
import { type CacheFolders, cacheFolders } from '../cache-folders.ts';
import { createImageNames, type ImageNames } from '../names.ts';
import { createPulledImages, type PulledImages } from '../pulled.ts';
import { createDownloadRecords, type DownloadRecords } from '../remote/download-records.ts';
import type { StoreOptions } from '../stored-images.ts';

/** What builds keep, seen by those who look after it. */
export interface OpenCache {
  readonly cacheDir: string;
  readonly folders: CacheFolders;
  readonly store: BlobStore;
  readonly names: ImageNames;
  readonly pulled: PulledImages;
  readonly records: CacheRecords;
  readonly definitions: Definitions;
  readonly blobs: BlobIndex;
  readonly blocks: BlockLists;
  readonly blobRepositories: BlobRepositories;
  readonly tocs: TocStore;
  readonly longValues: LongValues;
  readonly downloads: DownloadRecords;
}

export function openCache(options: StoreOptions): OpenCache {
  const cacheDir = resolve(options.cacheDir ?? defaultCacheDir());
  const folders = cacheFolders(cacheDir);
  const longValues = createLongValues(folders.longValues);
  return {
    cacheDir,
    folders,
    store: createBlobStore(folders.store),
    names: createImageNames(folders.store),
    pulled: createPulledImages(folders.pulled),
    records: createCacheRecords(folders.records, longValues),
    definitions: createDefinitions(folders.definitions),
    blobs: createBlobIndex(folders.blobs),
    blocks: createBlockLists(folders.blocks),
    blobRepositories: createBlobRepositories(folders.repositories),
    tocs: createTocStore(folders.tocs),
    longValues,
    downloads: createDownloadRecords(folders.downloads),
  };
}
