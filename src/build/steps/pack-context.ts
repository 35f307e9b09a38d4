import { ContextError, isBuilderError } from '../../core/errors.ts';
import type { IndexedLayer } from '../../core/image.ts';

const CODES: ReadonlyMap<string, string> = new Map([
  ['LAYER_FILE_CHANGED', 'CONTEXT_FILE_CHANGED'],
  ['LAYER_FILE_UNREADABLE', 'CONTEXT_UNREADABLE'],
]);

/**
 * Gives a file of a context that packing could not read the code that it has when it is hashed: which of the two comes first
 * depends on what the cache knows.
 * @throws ContextError `CONTEXT_FILE_CHANGED`, `CONTEXT_UNREADABLE`
 */
export async function packContext(pack: () => Promise<IndexedLayer>): Promise<IndexedLayer> {
  try {
    return await pack();
  } catch (error) {
    const code = isBuilderError(error) ? CODES.get(error.code) : undefined;
    if (!isBuilderError(error) || code === undefined) throw error;
    throw new ContextError(code, error.message, { hint: error.hint, cause: error });
  }
}
