import { createHash } from 'node:crypto';
import type { ChainId } from '../core/digest.ts';
import type { Layer } from '../core/image.ts';
import type { AppliedLayer } from '../rootfs/applied-layer.ts';
import { applyLayer } from '../rootfs/apply-layer.ts';
import { FileTree } from '../rootfs/file-tree.ts';
import type { LayerLibrary } from './layer-library.ts';

/** One layer on top of others. */
export interface StackedLayer {
  readonly layer: Layer;
  readonly parent: LayerStack;
  readonly chainId: ChainId;
}

/**
 * The layers of a stage so far: an immutable stack that grows by a layer at a time. Its tree is merged when somebody
 * asks, once, and shares with its parent's all that the top layer does not change.
 */
export class LayerStack {
  readonly top: StackedLayer | undefined;
  readonly #library: LayerLibrary;
  #applied: Promise<AppliedLayer> | undefined;

  constructor(library: LayerLibrary, top?: StackedLayer) {
    this.#library = library;
    this.top = top;
  }

  push(layer: Layer): LayerStack {
    return new LayerStack(this.#library, { layer, parent: this, chainId: this.#chainWith(layer) });
  }

  /** Lowest first. */
  layers(): Layer[] {
    return this.lineage().flatMap(({ top }) => (top === undefined ? [] : [top.layer]));
  }

  /** The stacks that this one grew through, from the one with a single layer to itself. */
  lineage(): LayerStack[] {
    const stacks: LayerStack[] = [];
    for (let stack: LayerStack = this; stack.top !== undefined; stack = stack.top.parent) stacks.push(stack);
    return stacks.reverse();
  }

  /** Identity of the content; `undefined` for an empty stack. */
  get chainId(): ChainId | undefined {
    return this.top?.chainId;
  }

  async tree(): Promise<FileTree> {
    return (await this.applied())?.tree ?? FileTree.empty;
  }

  /** What the top layer did to the tree below it; `undefined` for an empty stack. */
  async applied(): Promise<AppliedLayer | undefined> {
    if (this.top === undefined) return undefined;
    this.#applied ??= this.#apply(this.top);
    return await this.#applied;
  }

  async #apply({ layer, parent }: StackedLayer): Promise<AppliedLayer> {
    const [tree, toc] = await Promise.all([parent.tree(), this.#library.toc(layer)]);
    return applyLayer(tree, toc);
  }

  /** image-spec, config.md, "Layer ChainID". */
  #chainWith(layer: Layer): ChainId {
    if (this.top === undefined) return layer.diffId as string as ChainId;
    const hash = createHash('sha256').update(`${this.top.chainId} ${layer.diffId}`);
    return `sha256:${hash.digest('hex')}` as ChainId;
  }
}
