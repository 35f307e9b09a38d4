import { RegistryError } from '../core/errors.ts';
import { suggest } from '../core/suggest.ts';
import type { BuildGraph } from '../plan/graph.ts';

/**
 * Runs a look-up of an image; when it fails and its name is nearly that of a stage, the error says so. A stage of that very name,
 * as in `FROM node AS node`, was not meant.
 */
export async function hintingAtStage<T>(
  reference: string,
  { stages }: BuildGraph,
  lookUp: () => Promise<T>,
): Promise<T> {
  try {
    return await lookUp();
  } catch (error) {
    const wanted = reference.toLowerCase();
    const near = suggest(
      wanted,
      stages.flatMap(({ name }) => name ?? []),
    );
    if (error instanceof RegistryError && near !== undefined && near !== wanted) {
      const hint = `no stage is called ${JSON.stringify(reference)}, so it is an image: did you mean the stage ${JSON.stringify(near)}?`;
      Object.assign(error, { hint });
    }
    throw error;
  }
}
