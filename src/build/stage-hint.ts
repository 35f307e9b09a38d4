import { RegistryError } from '../core/errors.ts';
import { suggest } from '../core/suggest.ts';
import type { BuildGraph } from '../plan/graph.ts';

/** Runs a look-up of an image; when it fails and its name is nearly that of a stage, the error says so. */
export async function hintingAtStage<T>(
  reference: string,
  { stages }: BuildGraph,
  lookUp: () => Promise<T>,
): Promise<T> {
  try {
    return await lookUp();
  } catch (error) {
    const near = suggest(
      reference.toLowerCase(),
      stages.flatMap(({ name }) => name ?? []),
    );
    if (error instanceof RegistryError && near !== undefined) {
      const hint = `no stage is called ${JSON.stringify(reference)}, so it is an image: did you mean the stage ${JSON.stringify(near)}?`;
      Object.assign(error, { hint });
    }
    throw error;
  }
}
