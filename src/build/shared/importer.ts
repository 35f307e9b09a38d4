import type { CacheKey } from '../../cache/cache-key.ts';
import type { SharedStorage } from '../../cache/shared-storage.ts';
import type { DiffId } from '../../core/digest.ts';
import { ContentError, isBuilderError } from '../../core/errors.ts';
import type { Layer } from '../../core/image.ts';
import { compressionOf } from '../../core/media-types.ts';
import type { Toc } from '../../core/toc.ts';
import { decompress } from '../../io/decompress.ts';
import { readToc } from '../../layers/toc.ts';
import { decodeToc } from '../../layers/toc-codec.ts';
import { readAll } from '../../store/read.ts';
import { wrongDiffId } from '../compress-layer.ts';
import type { SharedCacheSource } from '../options.ts';
import { compressionRecipe } from '../recipe.ts';
import { cacheFailed } from './failure.ts';
import { createInlineSteps, type InlineSteps } from './inline.ts';
import { isLoss } from './lost-steps.ts';
import { parseStep, type SharedStep } from './step-document.ts';
import type { Surroundings } from './surroundings.ts';
import { parseToc, tocKey } from './toc-document.ts';

export interface ImportedStep {
  readonly diffId: DiffId;
  readonly created: string;
}

export interface Importer {
  find(key: CacheKey, onKept: (step: ImportedStep) => void): Promise<(Layer & ImportedStep) | undefined>;
  /** Brings the table of contents of a layer that is not here; false where the cache has none. */
  bringToc(diffId: DiffId): Promise<boolean>;
}

export interface ImporterParts {
  readonly storage: () => SharedStorage;
  readonly source: SharedCacheSource;
}

/** A cache that cannot be reached is told of once and then left alone; what it answers wrongly counts as not there. */
export function createImporter(session: Surroundings, { storage, source }: ImporterParts): Importer {
  let opened: SharedStorage | undefined;
  let inline: InlineSteps | undefined;
  let isOut = false;

  async function look(key: CacheKey): Promise<SharedStep | undefined> {
    opened ??= storage();
    const document = await opened.readDocument(key);
    if (document !== undefined) return parseStep(document, key, `${opened.name} (${key})`);
    if (source.type !== 'registry') return undefined;
    inline ??= createInlineSteps(session, source.ref);
    return await inline.find(key);
  }

  async function unlessOut<T>(ask: () => Promise<T | undefined>): Promise<T | undefined> {
    if (isOut) return undefined;
    try {
      return await ask();
    } catch (error) {
      isOut = !isBuilderError(error) || error.family !== 'content';
      cacheFailed(session, error, isOut ? 'it is left alone' : 'that step is not taken from it');
      return undefined;
    }
  }

  async function takeToc(diffId: DiffId): Promise<boolean> {
    opened ??= storage();
    const document = await opened.readDocument(tocKey(diffId));
    if (document === undefined) return false;
    return await keepToc(session, opened, parseToc(document, diffId, opened.name));
  }

  return {
    find: (key, onKept) =>
      unlessOut(async () => {
        if (session.lostSteps.has(key)) return undefined;
        const step = await look(key);
        return opened && step && (await accept(session, { storage: opened, step, onKept }));
      }),
    bringToc: async (diffId) => (await unlessOut(() => takeToc(diffId))) === true,
  };
}

interface Acceptance {
  readonly storage: SharedStorage;
  readonly step: SharedStep;
  readonly onKept: (step: ImportedStep) => void;
}

/**
 * Its layer comes when it is needed. One that was compressed otherwise is fetched and compressed anew, so that an image has
 * the same digest wherever its steps come from.
 */
async function accept(
  session: Surroundings,
  { storage, step, onKept }: Acceptance,
): Promise<(Layer & ImportedStep) | undefined> {
  const { diffId, created, layer: descriptor, recipe } = step;
  const isHere = await session.store.has(descriptor);
  if (!isHere && !(await storage.hasBlob(descriptor))) return undefined;
  await keepToc(session, storage, step);
  const keep = async (): Promise<void> => {
    await fetchLayer(session, storage, step);
    onKept(step);
  };
  const keepLater = (): Promise<void> =>
    keep().catch((error: unknown) => {
      if (isLoss(error)) session.lostSteps.add(step.key);
      throw error;
    });
  // What was read from a stream cannot be read again: nothing may turn out to be lost later.
  const isLater = typeof (session.options.context ?? '') === 'string';
  if (isHere || !isLater || recipe !== (await compressionRecipe(session.settings.compression))) {
    await keep();
    const layer = await session.library.find(diffId);
    return layer && { ...layer, created };
  }
  if (!session.lazyLayers.announce({ diffId, descriptor }, keepLater)) throw untrue(storage.name, step);
  return { descriptor, diffId, created };
}

const TOC_LIMIT = 512 << 20;

/**
 * Answers whether there is one now. Without a table of contents that can be used, as of a machine with another byte order, the
 * layer itself is read when its files count.
 */
async function keepToc(
  { tocs }: Surroundings,
  storage: SharedStorage,
  { diffId, toc }: Pick<SharedStep, 'diffId' | 'toc'>,
): Promise<boolean> {
  if (tocs.load(diffId) !== undefined) return true;
  if (toc === undefined || toc.size > TOC_LIMIT) return false;
  const table = decodeIfUsable(await readAll({ read: storage.readBlob }, toc));
  if (table === undefined) return false;
  if (table.diffId !== diffId) throw wrongDiffId(diffId, table.diffId);
  tocs.save(table);
  return true;
}

function decodeIfUsable(bytes: Uint8Array): Toc | undefined {
  try {
    return decodeToc(bytes);
  } catch (error) {
    if (isBuilderError(error) && error.code === 'LAYER_TOC_INVALID') return undefined;
    throw error;
  }
}

/** The bytes have the digest that was told, and unpacked the diff ID, before anything is recorded. */
async function fetchLayer(session: Surroundings, storage: SharedStorage, step: SharedStep): Promise<void> {
  const { blobs, tocs } = session;
  const { store } = session.lazyLayers;
  const { diffId, layer, recipe } = step;
  const wasHere = await store.has(layer);
  await store.write(storage.readBlob(layer), layer);
  const format = compressionOf(layer.mediaType) ?? 'none';
  const found = await readToc(decompress(store.read(layer), { format }));
  if (found.diffId !== diffId) {
    if (!wasHere) await store.delete(layer.digest);
    throw untrue(storage.name, step, found.diffId);
  }
  tocs.save(found);
  blobs.record(diffId, recipe, layer);
}

function untrue(name: string, { diffId, step }: SharedStep, found?: DiffId): ContentError {
  return new ContentError('CONTENT_DIFF_ID_MISMATCH', `${name} has another layer than it says for ${step}`, {
    expected: diffId,
    ...(found !== undefined && { found }),
    hint: 'the shared cache is damaged or was tampered with: build without it, and find out who may write to it',
  });
}
