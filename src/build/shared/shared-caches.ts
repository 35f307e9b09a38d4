import type { CacheKey } from '../../cache/cache-key.ts';
import type { DiffId } from '../../core/digest.ts';
import type { Layer } from '../../core/image.ts';
import { createExporter, type Exporter, type OfferedStep } from './exporter.ts';
import { createImporter, type ImportedStep } from './importer.ts';
import { openStorage } from './open-storage.ts';
import type { Surroundings } from './surroundings.ts';

/** What this build takes from other machines, and gives to them. */
export interface SharedCaches {
  readonly hasSources: boolean;
  /** The first that has it; `onKept` is called when the layer is in the store. */
  find(key: CacheKey, onKept: (step: ImportedStep) => void): Promise<(Layer & ImportedStep) | undefined>;
  /** Brings the table of contents of a base's layer; false where no cache has it. */
  bringToc(diffId: DiffId): Promise<boolean>;
  /** Something that others may want; `isOfImage` where the image will have its layer, as far as that is known. */
  offer(step: OfferedStep, isOfImage: boolean): void;
  /** A layer of an image that the build starts from. */
  offerBase(layer: Layer): void;
  /** What the configuration of the image is to carry. */
  inlineSteps(layers: readonly Layer[]): readonly OfferedStep[] | undefined;
  /** Waits until everything is uploaded. */
  finish(layers: readonly Layer[]): Promise<void>;
  /** Waits until nothing is under way any more, however it ends. */
  atRest(): Promise<void>;
}

export function createSharedCaches(session: Surroundings): SharedCaches {
  const { cacheFrom = [], cacheTo = [] } = session.options;
  const importers = cacheFrom.map((source) =>
    createImporter(session, { storage: () => openStorage(source, session.registry), source }),
  );
  const exporters = cacheTo.flatMap((target): Exporter[] =>
    target.type === 'inline'
      ? []
      : [createExporter(session, { storage: () => openStorage(target, session.registry), target })],
  );
  const isInline = cacheTo.some(({ type }) => type === 'inline');
  const offered = new Map<CacheKey, OfferedStep>();
  return {
    hasSources: importers.length > 0,
    async find(key, onKept) {
      for (const importer of importers) {
        const found = await importer.find(key, onKept);
        if (found !== undefined) return found;
      }
      return undefined;
    },
    async bringToc(diffId) {
      for (const importer of importers) if (await importer.bringToc(diffId)) return true;
      return false;
    },
    offerBase(layer) {
      for (const exporter of exporters) exporter.offerBase(layer);
    },
    offer(step, isOfImage) {
      offered.set(step.key, step);
      for (const exporter of exporters) exporter.offer(step, isOfImage);
    },
    inlineSteps: (layers) => (isInline ? stepsOf(offered, layers) : undefined),
    async finish(layers) {
      await Promise.all(exporters.map((exporter) => exporter.finish(stepsOf(offered, layers))));
    },
    async atRest() {
      await Promise.all(exporters.map((exporter) => exporter.atRest()));
    },
  };
}

function stepsOf(offered: ReadonlyMap<CacheKey, OfferedStep>, layers: readonly Layer[]): OfferedStep[] {
  const inImage = new Set(layers.map(({ diffId }) => diffId));
  return [...offered.values()].filter(({ diffId }) => inImage.has(diffId));
}
