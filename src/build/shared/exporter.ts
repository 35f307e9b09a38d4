import type { CacheKey } from '../../cache/cache-key.ts';
import type { SharedStorage } from '../../cache/shared-storage.ts';
import type { DiffId } from '../../core/digest.ts';
import type { Descriptor } from '../../core/image.ts';
import { createLimit } from '../../io/limit.ts';
import { encodeToc } from '../../layers/toc-codec.ts';
import { bytesOf } from '../../store/read.ts';
import type { SharedCacheTarget } from '../options.ts';
import { compressionRecipe } from '../recipe.ts';
import { cacheFailed } from './failure.ts';
import { EMPTY_CONFIG, emptyConfig, formatStep, tocDescriptor } from './step-document.ts';
import type { Surroundings } from './surroundings.ts';

/** A step whose result may be of use to others. */
export interface OfferedStep {
  readonly key: CacheKey;
  readonly diffId: DiffId;
  readonly descriptor: Descriptor;
  readonly created: string;
  readonly step: string;
}

export interface Exporter {
  offer(step: OfferedStep): void;
  /** Uploads what is left to upload, of the steps whose layers the image has. */
  finish(ofImage: readonly OfferedStep[]): Promise<void>;
  atRest(): Promise<void>;
}

const UPLOADS = 4;

export interface ExporterParts {
  readonly storage: () => SharedStorage;
  readonly target: SharedCacheTarget;
}

/** With mode `max` a step is uploaded while the build goes on; after the first failure nothing more is. */
export function createExporter(session: Surroundings, { storage, target }: ExporterParts): Exporter {
  const limit = createLimit(UPLOADS);
  const uploads: Promise<void>[] = [];
  let opened: SharedStorage | undefined;
  let failure: { readonly error: unknown } | undefined;

  async function upload(step: OfferedStep): Promise<void> {
    if (failure !== undefined) return;
    try {
      opened ??= storage();
      await uploadStep(session, opened, step);
    } catch (error) {
      failure ??= { error };
    }
  }

  const start = (step: OfferedStep): void => void uploads.push(limit.run(() => upload(step)));
  const atRest = async (): Promise<void> => void (await Promise.all(uploads));
  return {
    offer(step) {
      if (target.mode === 'max') start(step);
    },
    async finish(ofImage) {
      if (target.mode !== 'max') ofImage.forEach(start);
      await atRest();
      session.signal.throwIfAborted();
      if (failure === undefined) return;
      if (target.ignoreError === false) throw failure.error;
      cacheFailed(session, failure.error, 'the build is not written to that cache');
    },
    atRest,
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
