import { rmSync } from 'node:fs';
import { isBuilderError } from '../../core/errors.ts';
import type { Descriptor } from '../../core/image.ts';
import { contentGraph } from '../../oci/graph.ts';
import { readIfWhole } from '../stored-images.ts';
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
  const blobs = (await readIfWhole(store, descriptor)) && (await unlessDamaged(() => contentGraph(store, descriptor)));
  if (blobs === undefined) return 'its manifest or configuration is missing or damaged';
  for (const blob of blobs) {
    if (!(await store.has(blob))) return `its content ${blob.digest} is not there`;
  }
  return undefined;
}

async function unlessDamaged<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (isBuilderError(error) && error.family === 'content') return undefined;
    throw error;
  }
}
