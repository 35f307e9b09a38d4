import { statSync } from 'node:fs';
import type { DiffId, Digest } from '../../core/digest.ts';
import { directoryItems } from './directory-items.ts';
import { buildItems, type FetchedRoot, findDownloads, npmItems } from './fetched-items.ts';
import type { StoredItem } from './item.ts';
import type { OpenCache } from './open-cache.ts';
import { findRoots, type Roots } from './roots.ts';

/** Everything that a cache holds. Each file belongs to one item; small ones without content are left out. */
export async function takeInventory(cache: OpenCache): Promise<StoredItem[]> {
  const roots = await findRoots(cache);
  const layers = gatherLayers(cache);
  const owned = new Set([...layers.values()].flatMap(({ blobs }) => blobs));
  return [
    ...[...layers].map(([diffId, layer]) => layerItem(cache, { diffId, layer, roots })),
    ...(await otherBlobs(cache, { owned, roots })),
    ...directoryItems(cache),
    ...npmItems(cache),
    ...buildItems(cache),
  ];
}

interface GatheredLayer {
  readonly blobs: Digest[];
  readonly files: string[];
  usedMs: number;
  text: string;
  records: number;
}

function gatherLayers(cache: OpenCache): Map<DiffId, GatheredLayer> {
  const layers = new Map<DiffId, GatheredLayer>();
  const layerOf = (diffId: DiffId): GatheredLayer => {
    const layer = layers.get(diffId) ?? { blobs: [], files: [], usedMs: 0, text: '', records: 0 };
    layers.set(diffId, layer);
    return layer;
  };
  const addFile = (layer: GatheredLayer, path: string): void => {
    layer.files.push(path);
    layer.usedMs = Math.max(layer.usedMs, timeOf(path));
  };
  for (const { path, record } of cache.records.scan()) {
    if (record === undefined) continue;
    const layer = layerOf(record.diffId);
    if (timeOf(path) >= layer.usedMs) layer.text = record.step;
    addFile(layer, path);
    layer.files.push(cache.longValues.pathOf(record.key));
    layer.records++;
  }
  for (const { path, diffId, blob } of cache.blobs.scan()) {
    const layer = layerOf(diffId);
    addFile(layer, path);
    if (blob !== undefined) layer.blobs.push(blob.digest);
  }
  for (const { path, diffId } of cache.tocs.scan()) addFile(layerOf(diffId), path);
  return layers;
}

interface LayerRequest {
  readonly diffId: DiffId;
  readonly layer: GatheredLayer;
  readonly roots: Roots;
}

function layerItem({ store, blocks, blobRepositories }: OpenCache, { diffId, layer, roots }: LayerRequest): StoredItem {
  const blobs = [...new Set(layer.blobs)];
  const isNamed = blobs.some((blob) => roots.named.has(blob));
  const usedByBase = Math.max(0, ...blobs.map((blob) => roots.pulled.get(blob)?.usedMs ?? 0));
  const base = blobs.map((blob) => roots.pulled.get(blob)?.text).find((text) => text !== undefined);
  const isReached = usedByBase > 0 || layer.records > 0;
  const files = [
    ...layer.files,
    ...blobs.flatMap((blob) => [store.pathOf(blob), blocks.pathOf(blob), blobRepositories.pathOf(blob)]),
  ];
  return {
    kind: 'layer',
    id: diffId,
    size: files.reduce((sum, path) => sum + sizeOf(path), 0),
    usedMs: Math.max(layer.usedMs, usedByBase),
    text: layer.text === '' ? (base ?? '') : layer.text,
    reachedBy: isNamed ? 'named' : isReached ? 'cache' : 'nothing',
    files,
    directories: [],
    claims: blobs,
  };
}

interface BlobRequest {
  /** Blobs that belong to layers. */
  readonly owned: ReadonlySet<Digest>;
  readonly roots: Roots;
}

/** Manifests and configurations, downloads, and what nobody knows any more. */
async function otherBlobs(cache: OpenCache, { owned, roots }: BlobRequest): Promise<StoredItem[]> {
  const { store } = cache;
  const downloads = findDownloads(cache);
  const items: StoredItem[] = [];
  for await (const digest of store.list()) {
    if (owned.has(digest)) continue;
    const path = store.pathOf(digest);
    const { files = [], usedMs = 0, ...found } = rootOf(digest, roots, downloads);
    items.push({
      ...found,
      id: digest,
      size: sizeOf(path),
      usedMs: Math.max(timeOf(path), usedMs),
      files: [path, ...files],
      directories: [],
      claims: [digest],
    });
  }
  return items;
}

type BlobRoot = Pick<StoredItem, 'kind' | 'text' | 'reachedBy'> & Partial<Pick<StoredItem, 'files' | 'usedMs'>>;

/** What leads to a blob that is no layer, with the files that go when it goes. */
function rootOf(digest: Digest, { named, pulled }: Roots, downloads: ReadonlyMap<Digest, FetchedRoot>): BlobRoot {
  const name = named.get(digest);
  const base = pulled.get(digest);
  const files = base?.manifest === digest ? base.files : [];
  const usedMs = base?.usedMs ?? 0;
  if (name !== undefined) return { kind: 'image', text: name, reachedBy: 'named', files, usedMs };
  if (base !== undefined) return { kind: 'image', text: base.text, reachedBy: 'cache', files, usedMs };
  const download = downloads.get(digest);
  if (download !== undefined) return { kind: 'download', text: 'ADD, or a context', reachedBy: 'cache', ...download };
  return { kind: 'other', text: '', reachedBy: 'nothing' };
}

function timeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
