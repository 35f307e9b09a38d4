import type { CacheKey } from '../../cache/cache-key.ts';
import { isDigest } from '../../core/digest.ts';
import { RegistryError } from '../../core/errors.ts';
import type { ImageConfig, Layer } from '../../core/image.ts';
import { isObject } from '../../oci/image/json.ts';
import { normalizeReference } from '../../oci/registry/docker-hub.ts';
import { resolveImage } from '../../oci/registry/source.ts';
import type { OfferedStep } from './exporter.ts';
import type { SharedStep } from './step-document.ts';
import type { Surroundings } from './surroundings.ts';

/** Member of the configuration of an image that carries a cache of its own steps. */
const MEMBER = 'dev.lamella.cache.v1';

/** The configuration with its steps; what it has of its base's is left out. */
export function withInlineSteps(
  config: ImageConfig,
  steps: readonly OfferedStep[] | undefined,
  recipe: string,
): ImageConfig {
  const { [MEMBER]: _inherited, ...rest } = config;
  if (steps === undefined) return rest;
  const entries = steps.map(({ key, diffId, created, step }) => ({ key, diffId, created, step }));
  return { ...rest, [MEMBER]: { recipe, steps: entries } };
}

export interface InlineSteps {
  find(key: CacheKey): Promise<SharedStep | undefined>;
}

/** The steps that an image of a registry carries; none when there is no such image, or it carries none. */
export function createInlineSteps(session: Surroundings, ref: string): InlineSteps {
  let steps: Promise<ReadonlyMap<string, SharedStep>> | undefined;
  return {
    async find(key) {
      steps ??= readSteps(session, ref);
      return (await steps).get(key);
    },
  };
}

async function readSteps(session: Surroundings, ref: string): Promise<ReadonlyMap<string, SharedStep>> {
  const { store, settings } = session;
  try {
    const reference = normalizeReference(ref);
    const image = await resolveImage(session.registry(), reference, { platform: settings.platform, store });
    return stepsOf(image.config, image.layers);
  } catch (error) {
    if (error instanceof RegistryError && error.status === 404) return new Map();
    throw error;
  }
}

function stepsOf(config: ImageConfig, layers: readonly Layer[]): ReadonlyMap<string, SharedStep> {
  const steps = new Map<string, SharedStep>();
  const cache = config[MEMBER];
  if (!isObject(cache) || !Array.isArray(cache.steps)) return steps;
  for (const entry of cache.steps as readonly unknown[]) {
    if (!isObject(entry)) continue;
    const { key, diffId, created, step } = entry;
    const layer = layers.find((candidate) => candidate.diffId === diffId);
    if (typeof key !== 'string' || !isDigest(key) || layer === undefined || typeof created !== 'string') continue;
    steps.set(key, {
      key: key as string as CacheKey,
      diffId: layer.diffId,
      created,
      step: String(step),
      layer: layer.descriptor,
      recipe: String(cache.recipe),
    });
  }
  return steps;
}
