import type { Tree } from '../../core/tree.ts';
import { packLayer } from '../../layers/pack.ts';
import { contentRemark } from '../explain/comparisons.ts';
import type { StepLayer } from '../step-result.ts';
import { digestTree, walkTree } from '../tree-digest.ts';
import { entriesBelow } from '../tree-entries.ts';
import { packOptions, type StepContext, timesIngredient } from './context.ts';
import { packContext } from './pack-context.ts';

/** A directory that stands for a base image (`--build-context`): all its files as one layer, owned by root. */
export async function layerOfContext(
  tree: Tree,
  { session, cache, info }: Pick<StepContext, 'session' | 'cache' | 'info'>,
): Promise<StepLayer> {
  const { digest, fields } = await digestTree(session, [...walkTree(tree, '')]);
  return await cache.layerFor({
    info,
    recipe: 'context 1',
    resolve: async () => ({
      ingredients: [timesIngredient(session.settings), { name: 'content', value: digest }],
      remarks: () => [contentRemark(fields)],
      make: () =>
        packContext(async () => packLayer(await entriesBelow(session, tree, ''), session.store, packOptions(session))),
    }),
  });
}
