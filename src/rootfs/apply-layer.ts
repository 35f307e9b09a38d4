import type { Toc } from '../core/toc.ts';
import { tableOf } from '../layers/toc-codec.ts';
import type { AppliedLayer } from './applied-layer.ts';
import type { FileTree } from './file-tree.ts';
import { editLayer } from './layer-edit.ts';
import { viewLayer } from './layer-view.ts';

/**
 * Lays a layer over a tree (image-spec, layer.md, "Applying Changesets"; reference, section 15). As a rule nothing is
 * done but to remember both: what is in a directory is found out when somebody asks.
 * @throws LayerError `LAYER_BAD_ENTRY`
 */
export function applyLayer(base: FileTree, toc: Toc): AppliedLayer {
  return viewLayer(base, tableOf(toc)) ?? editLayer(base, toc);
}
