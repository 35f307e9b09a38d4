import type { Image, ImageConfig } from '../../src/core/image.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { makeImage, makeLayer, makeTar, publish } from './images.ts';
import type { TestRegistry } from './registry/server.ts';

/** Pushes an image of two layers, which `text` makes different from others, as base:1. */
export async function publishImage(
  registry: TestRegistry,
  text: string,
  config?: Partial<ImageConfig>,
): Promise<Image> {
  const origin = createMemoryStore();
  const layers = await Promise.all(
    ['one', 'two'].map((name) => makeLayer(origin, makeTar({ [`${name}.txt`]: `${name} ${text}` }))),
  );
  const image = await makeImage(origin, { layers, ...(config && { config }) });
  await publish(registry, 'base:1', { ...image, reader: origin });
  return image;
}
