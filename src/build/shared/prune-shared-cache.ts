import type { CacheKey } from '../../cache/cache-key.ts';
import type { SharedStorage } from '../../cache/shared-storage.ts';
import { isBuilderError } from '../../core/errors.ts';
import { allAtRest } from '../../io/at-rest.ts';
import { createLimit } from '../../io/limit.ts';
import { createRegistryClient, type RegistryClient } from '../../oci/registry/client.ts';
import type { RegistryOptions, SharedCacheSource } from '../options.ts';
import { chooseSteps, type SharedPruneLimits, type StoredStep, sizeOf } from './choose-steps.ts';
import { describeDocument } from './describe-document.ts';
import { openStorage } from './open-storage.ts';
import { emptyConfig } from './step-document.ts';

export interface SharedPruneOptions extends SharedPruneLimits {
  readonly registry?: RegistryOptions;
  /** Says what would be taken away, and takes nothing. Default false. */
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal;
}

export interface SharedPruneReport {
  /** Where the cache is. */
  readonly name: string;
  readonly removed: readonly {
    readonly key: string;
    /** The instruction; empty for a step that cannot be read. */
    readonly step: string;
    /** RFC 3339; absent where it is not known. */
    readonly uploaded?: string;
    readonly size: number;
  }[];
  /** Steps that are left. */
  readonly steps: number;
  /** Bytes of blobs that no step names any more, and of those that the steps which are left name. */
  readonly freed: number;
  readonly left: number;
}

/** Questions at a time. */
const QUESTIONS = 8;

/**
 * Takes steps out of a shared cache: those that cannot be used, and beyond the limits those uploaded first. Builds may use
 * the cache meanwhile. Of a directory the blobs go, too; a registry frees them when it collects its garbage. Images of the
 * repository are left alone.
 * @throws RegistryError, `REGISTRY_DELETE_REFUSED` where the registry lets nobody delete; HostError
 */
export async function pruneSharedCache(
  place: SharedCacheSource,
  options: SharedPruneOptions = {},
): Promise<SharedPruneReport> {
  const { registry, signal } = options;
  let client: RegistryClient | undefined;
  const storage = openStorage(place, () => {
    client ??= createRegistryClient({ ...registry, signal });
    return client;
  });
  try {
    return await prune(storage, options);
  } catch (error) {
    throw signal?.aborted ? signal.reason : error;
  } finally {
    await client?.close();
  }
}

async function prune(storage: SharedStorage, options: SharedPruneOptions): Promise<SharedPruneReport> {
  const steps = await readSteps(storage, options.signal);
  const chosen = chooseSteps(steps, options, Date.now());
  const gone = new Set(chosen);
  const left = steps.filter((step) => !gone.has(step));
  if (options.dryRun !== true) {
    await atOnce(chosen, options.signal, ({ key }) => storage.remove(key));
    const named = left.flatMap(({ blobs }) => blobs).map(({ digest }) => digest);
    await storage.sweep(new Set([...named, emptyConfig().digest]));
  }
  return {
    name: storage.name,
    removed: chosen.map(({ key, step, uploadedMs, blobs }) => ({
      key,
      step,
      ...(uploadedMs > 0 && { uploaded: new Date(uploadedMs).toISOString() }),
      size: blobs.reduce((sum, { size }) => sum + size, 0),
    })),
    steps: left.length,
    freed: sizeOf(steps) - sizeOf(left),
    left: sizeOf(left),
  };
}

async function readSteps(storage: SharedStorage, signal: AbortSignal | undefined): Promise<StoredStep[]> {
  const keys: CacheKey[] = [];
  for await (const key of storage.list()) keys.push(key);
  return (await atOnce(keys, signal, (key) => readStep(storage, key))).filter((step) => step !== undefined);
}

/** `undefined` for one that somebody else took away meanwhile. */
async function readStep(storage: SharedStorage, key: CacheKey): Promise<StoredStep | undefined> {
  try {
    const document = await storage.readDocument(key);
    if (document === undefined) return undefined;
    const { step, uploaded = '', blobs, needed } = describeDocument(document, key, storage.name);
    const isUsable = await storage.hasBlob(needed);
    return { key, step, uploadedMs: Date.parse(uploaded) || 0, blobs, isUsable };
  } catch (error) {
    if (!isBuilderError(error) || error.family !== 'content') throw error;
    return { key, step: '', uploadedMs: 0, blobs: [], isUsable: false };
  }
}

/** Several at a time; after the first failure no more are begun. */
async function atOnce<T, R>(
  items: readonly T[],
  signal: AbortSignal | undefined,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const limit = createLimit(QUESTIONS);
  const failed = new AbortController();
  const each = async (item: T): Promise<R> => {
    signal?.throwIfAborted();
    failed.signal.throwIfAborted();
    try {
      return await work(item);
    } catch (error) {
      failed.abort(error);
      throw error;
    }
  };
  return await allAtRest(items.map((item) => limit.run(() => each(item))));
}
