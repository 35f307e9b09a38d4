import type { Image, Layer } from '../core/image.ts';
import { compressionOf } from '../core/media-types.ts';
import { assembleImage } from '../oci/image/assemble.ts';
import { applyLabels, withPlatform } from '../plan/base-config.ts';
import { annotationsFor } from './annotations.ts';
import { createdNow } from './history.ts';
import type { LayerStack } from './layer-stack.ts';
import { compressionRecipe } from './recipe.ts';
import type { Session } from './session.ts';
import { withInlineSteps } from './shared/inline.ts';
import { squashStage } from './squash.ts';
import type { BuiltStage } from './stages.ts';

/** The final configuration (reference, sections 14 and 18) and its manifest. */
export async function finishImage(
  session: Session,
  built: BuiltStage,
): Promise<{ readonly image: Image; readonly stack: LayerStack }> {
  const { options, settings, store } = session;
  const { config, stack } = options.squash === true ? await squashStage(session, built) : built;
  const labelled = applyLabels(config, options.labels ?? {});
  const placed = settings.platformGiven ? withPlatform(labelled, settings.platform) : labelled;
  const created = config.history?.at(-1)?.created ?? createdNow(settings, session.now);
  const own = stack.layers();
  await session.lazyLayers.ensureAll(own.map(({ descriptor }) => descriptor));
  const layers = await compressedAsAsked(session, own);
  const steps = session.shared()?.inlineSteps(layers);
  const cached = withInlineSteps(placed, steps, await compressionRecipe(settings.compression));
  const annotations = annotationsFor(options.annotations ?? [], 'manifest', settings.platform);
  const image = await assembleImage({ config: { ...cached, created }, layers, annotations, store });
  return { image, stack };
}

/** Layers of a base keep the compression that they came with, unless the caller wants one for all. */
async function compressedAsAsked({ options, settings, library }: Session, layers: readonly Layer[]): Promise<Layer[]> {
  const { compression } = settings;
  const { compressionLevel: level, forceCompression = false } = options;
  const isAsAsked = ({ descriptor }: Layer): boolean =>
    level === undefined && compressionOf(descriptor.mediaType) === compression;
  const recompress = (layer: Layer): Promise<Layer> =>
    library.isForeign(layer) && !forceCompression ? Promise.resolve(layer) : library.recompress(layer, level);
  return await Promise.all(layers.map((layer) => (isAsAsked(layer) ? layer : recompress(layer))));
}
