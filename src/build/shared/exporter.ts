import type { CacheKey } from '../../cache/cache-key.ts';
import type { SharedStorage } from '../../cache/shared-storage.ts';
import type { DiffId } from '../../core/digest.ts';
import type { Descriptor, Layer } from '../../core/image.ts';
import { createLimit } from '../../io/limit.ts';
import { encodeToc } from '../../layers/toc-codec.ts';
import { bytesOf } from '../../store/read.ts';
import type { SharedCacheTarget } from '../options.ts';
import { compressionRecipe } from '../recipe.ts';
import { cacheFailed } from './failure.ts';
import { EMPTY_CONFIG, emptyConfig, formatStep, tocDescriptor } from './step-document.ts';
import type { Surroundings } from './surroundings.ts';
import { formatToc, tocKey } from './toc-document.ts';

/** A step whose result may be of use to others. */
export interface OfferedStep {
  readonly key: CacheKey;
  readonly diffId: DiffId;
  readonly descriptor: Descriptor;
  readonly created: string;
  readonly step: string;
}

export interface Exporter {
  /** Uploads a step, at once where it is known that it will be wanted. */
  offer(step: OfferedStep, isOfImage: boolean): void;
  /** A layer of an image that the build starts from: its table of contents may be of use to others. */
  offerBase(layer: Layer): void;
  /** Uploads what is left to upload, of the steps whose layers the image has. */
  finish(ofImage: readonly OfferedStep[]): Promise<void>;
  atRest(): Promise<void>;
}

const UPLOADS = 4;

export interface ExporterParts {
  readonly storage: () => SharedStorage;
  readonly target: SharedCacheTarget;
}

type Upload = (to: SharedStorage) => Promise<void>;

interface Uploads {
  start(upload: Upload): void;
  atRest(): Promise<void>;
  /** The first one. */
  failure(): { readonly error: unknown } | undefined;
}

/** Some at a time, into a storage that is opened for the first; after a failure none is begun. */
function createUploads(storage: () => SharedStorage): Uploads {
  const limit = createLimit(UPLOADS);
  const uploads: Promise<void>[] = [];
  let opened: SharedStorage | undefined;
  let failure: { readonly error: unknown } | undefined;

  async function attempt(upload: Upload): Promise<void> {
    if (failure !== undefined) return;
    try {
      opened ??= storage();
      await upload(opened);
    } catch (error) {
      failure ??= { error };
    }
  }

  return {
    start: (upload) => void uploads.push(limit.run(() => attempt(upload))),
    atRest: async () => void (await Promise.all(uploads)),
    failure: () => failure,
  };
}

/** Steps are uploaded while the build goes on, with mode `min` those of the image's own stages; after the first failure none is. */
export function createExporter(session: Surroundings, { storage, target }: ExporterParts): Exporter {
  const uploads = createUploads(storage);
  const started = new Set<CacheKey>();
  const bases = new Map<DiffId, Layer>();

  function start(step: OfferedStep): void {
    if (started.has(step.key)) return;
    started.add(step.key);
    uploads.start((to) => uploadStep(session, to, step));
  }

  return {
    atRest: uploads.atRest,
    offer(step, isOfImage) {
      if (target.mode === 'max' || isOfImage) start(step);
    },
    offerBase(layer) {
      if (target.mode === 'max') bases.set(layer.diffId, layer);
    },
    async finish(ofImage) {
      ofImage.forEach(start);
      for (const { diffId } of bases.values()) uploads.start((to) => uploadToc(session, to, diffId));
      await uploads.atRest();
      session.signal.throwIfAborted();
      const failure = uploads.failure();
      if (failure === undefined) return;
      if (target.ignoreError === false) throw failure.error;
      cacheFailed(session, failure.error, 'the build is not written to that cache');
    },
  };
}

async function uploadStep(session: Surroundings, storage: SharedStorage, offered: OfferedStep): Promise<void> {
  const { key, diffId, descriptor: layer, created, step } = offered;
  if ((await storage.readDocument(key)) !== undefined) return;
  const toc = encodeToc(await session.library.toc({ diffId, descriptor: layer }));
  const described = tocDescriptor(toc);
  const recipe = await compressionRecipe(session.settings.compression);
  await storage.writeBlob(layer, session.store.read(layer));
  await storage.writeBlob(described, bytesOf(toc));
  await storage.writeBlob(emptyConfig(), bytesOf(EMPTY_CONFIG));
  await storage.writeDocument(
    key,
    formatStep({ key, diffId, created, step, layer, recipe, toc: described }, new Date()),
  );
}

/** Of a layer that nobody has looked into, there is none. */
async function uploadToc({ tocs }: Surroundings, storage: SharedStorage, diffId: DiffId): Promise<void> {
  const table = tocs.load(diffId);
  const key = tocKey(diffId);
  if (table === undefined || (await storage.readDocument(key)) !== undefined) return;
  const bytes = encodeToc(table);
  const toc = tocDescriptor(bytes);
  await storage.writeBlob(toc, bytesOf(bytes));
  await storage.writeBlob(emptyConfig(), bytesOf(EMPTY_CONFIG));
  await storage.writeDocument(key, formatToc({ diffId, toc }, new Date()));
}
