import { rmSync } from 'node:fs';
import type { DiffId } from '../../core/digest.ts';
import { isBuilderError } from '../../core/errors.ts';
import type { Descriptor } from '../../core/image.ts';
import { compressionOf } from '../../core/media-types.ts';
import type { Toc } from '../../core/toc.ts';
import { decompress } from '../../io/decompress.ts';
import { readToc } from '../../layers/toc.ts';
import { encodeToc } from '../../layers/toc-codec.ts';
import { hashBlob } from '../../store/hash-blob.ts';
import type { FoundDamage } from './damage.ts';
import type { OpenCache } from './open-cache.ts';

/** Blobs whose bytes are not those of their name. */
export async function* verifyBlobs({ store }: OpenCache, signal?: AbortSignal): AsyncGenerator<FoundDamage | 'good'> {
  for await (const digest of store.list()) {
    signal?.throwIfAborted();
    const found = await hashBlob(store.pathOf(digest));
    if (found === undefined || found === digest) yield 'good';
    else
      yield {
        kind: 'blob',
        id: digest,
        problem: `its bytes are those of ${found}`,
        repair: () => store.delete(digest),
      };
  }
}

export interface Thoroughness {
  /** Whether layers are unpacked, to compare them with their tables of contents. */
  readonly thorough: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Entries that lead from a layer to a blob which is not there or holds another one, and tables that differ from it. */
export async function* verifyLayers(
  cache: OpenCache,
  { thorough, signal }: Thoroughness,
): AsyncGenerator<FoundDamage | 'good'> {
  for (const { path, diffId, blob } of cache.blobs.scan()) {
    signal?.throwIfAborted();
    const problem = blob === undefined ? 'its entry cannot be read' : await missing(cache.store, blob);
    const repair = async (): Promise<void> => rmSync(path, { force: true });
    if (problem !== undefined) yield { kind: 'layer', id: diffId, problem, repair };
    else if (blob !== undefined && thorough) yield await compare(cache, { diffId, blob, repair });
    else yield 'good';
  }
}

async function missing(store: OpenCache['store'], blob: Descriptor): Promise<string | undefined> {
  return (await store.has(blob)) ? undefined : `its blob ${blob.digest} is not there`;
}

interface LayerBlob {
  readonly diffId: DiffId;
  readonly blob: Descriptor;
  readonly repair: () => Promise<void>;
}

async function compare(cache: OpenCache, { diffId, blob, repair }: LayerBlob): Promise<FoundDamage | 'good'> {
  const found = await tableOf(cache, blob);
  if (found?.diffId !== diffId) {
    return { kind: 'layer', id: diffId, problem: `its blob ${blob.digest} does not hold it`, repair };
  }
  const known = cache.tocs.load(diffId);
  if (known === undefined || Buffer.compare(encodeToc(found), encodeToc(known)) === 0) return 'good';
  const problem = 'its table of contents does not say what it has';
  return { kind: 'toc', id: diffId, problem, repair: async () => cache.tocs.save(found) };
}

/**
 * Records that cannot be read, or whose layer is gone: those are misses for a build, and nothing else.
 */
export async function* verifyRecords({ store, records, blobs }: OpenCache): AsyncGenerator<FoundDamage | 'good'> {
  for (const { path, record } of records.scan()) {
    const problem =
      record === undefined ? 'it cannot be read' : await lost(store, blobs.list(record.diffId), record.diffId);
    const id = record?.key ?? path;
    yield problem === undefined
      ? 'good'
      : { kind: 'record', id, problem, repair: async () => rmSync(path, { force: true }) };
  }
}

async function lost(
  store: OpenCache['store'],
  candidates: readonly Descriptor[],
  diffId: DiffId,
): Promise<string | undefined> {
  for (const blob of candidates) if (await store.has(blob)) return undefined;
  return `its layer ${diffId} is not there`;
}

/** Tables of contents that cannot be read. */
export function* verifyTocs({ tocs }: OpenCache): Generator<FoundDamage | 'good'> {
  for (const { path, diffId } of tocs.scan()) {
    const repair = async (): Promise<void> => rmSync(path, { force: true });
    const problem = 'it cannot be read';
    yield tocs.load(diffId) === undefined ? { kind: 'toc', id: diffId, problem, repair } : 'good';
  }
}

/** `undefined` for a blob that cannot be unpacked. */
async function tableOf({ store }: OpenCache, blob: Descriptor): Promise<Toc | undefined> {
  try {
    return await readToc(decompress(store.read(blob), { format: compressionOf(blob.mediaType) ?? 'none' }));
  } catch (error) {
    if (isBuilderError(error)) return undefined;
    throw error;
  }
}
