import { rmSync } from 'node:fs';
import { isBuilderError } from '../../core/errors.ts';
import type { Descriptor, Image } from '../../core/image.ts';
import { readImage } from '../../oci/image/read-image.ts';
import type { FoundDamage } from './damage.ts';
import type { OpenCache } from './open-cache.ts';

/** Images of the local store that lack something: only building or pulling them anew helps. */
export async function* verifyNames(cache: OpenCache): AsyncGenerator<FoundDamage | 'good'> {
  for (const { name, descriptor } of cache.names.list()) {
    const problem = await imageProblem(cache, descriptor);
    yield problem === undefined ? 'good' : { kind: 'image', id: name, problem };
  }
}

/** What was pulled and is not whole: it is asked for again then. */
export async function* verifyPulled(cache: OpenCache): AsyncGenerator<FoundDamage | 'good'> {
  for (const { path, image } of cache.pulled.scan()) {
    const problem = image === undefined ? 'it cannot be read' : await imageProblem(cache, image.manifest);
    const repair = async (): Promise<void> => rmSync(path, { force: true });
    yield problem === undefined ? 'good' : { kind: 'pulled', id: image?.manifest.digest ?? path, problem, repair };
  }
}

async function imageProblem({ store }: OpenCache, descriptor: Descriptor): Promise<string | undefined> {
  const image = await readStored(store, descriptor);
  if (image === undefined) return 'its manifest or configuration is missing or damaged';
  for (const layer of image.layers) {
    if (!(await store.has(layer.descriptor))) return `its layer ${layer.descriptor.digest} is not there`;
  }
  return undefined;
}

/** `undefined` for an image whose manifest or configuration is missing or damaged. */
export async function readStored(store: OpenCache['store'], descriptor: Descriptor): Promise<Image | undefined> {
  try {
    return await readImage(store, descriptor);
  } catch (error) {
    if (isBuilderError(error) && error.family === 'content') return undefined;
    throw error;
  }
}
