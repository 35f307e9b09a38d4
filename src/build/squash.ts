import type { HistoryItem } from '../core/image.ts';
import { joinPath } from '../core/paths.ts';
import type { PackEntry, WhiteoutEntry } from '../core/toc.ts';
import { packLayer } from '../layers/pack.ts';
import { FileTree, isDirectoryNode, type Node } from '../rootfs/file-tree.ts';
import { createdNow } from './history.ts';
import { gatherContents } from './layer-contents.ts';
import { LayerStack } from './layer-stack.ts';
import type { Session } from './session.ts';
import type { BuiltStage } from './stages.ts';
import { packOptions } from './steps/context.ts';
import { treeEntry } from './tree-entries.ts';
import { layerWith } from './tree-files.ts';

/** One layer in place of all that the build has laid over the base image; the base's layers stay as they are. */
export async function squashStage(session: Session, built: BuiltStage): Promise<BuiltStage> {
  const { stack, config, baseLayers } = built;
  if (stack.layers().length <= baseLayers + 1) return built;
  const base = stack.lineage()[baseLayers - 1] ?? new LayerStack(session.library);
  const entries = [...changesBetween(await base.tree(), await stack.tree())];
  const contents = entries.filter((entry): entry is PackEntry => 'mode' in entry);
  const open = (diffId: Parameters<typeof layerWith>[1]) => session.library.uncompressed(layerWith(stack, diffId));
  const readLayerContent = await gatherContents(session, contents, open);
  const { toc, ...layer } = await packLayer(entries, session.store, { ...packOptions(session), readLayerContent });
  await session.library.add({ ...layer, toc });
  const history = squashHistory(config.history ?? [], baseLayers, createdNow(session.settings, session.now));
  return { ...built, stack: base.push(layer), config: { ...config, history } };
}

/** What the instructions were stays to be read; the layer belongs to an item of its own. */
function squashHistory(history: readonly HistoryItem[], baseLayers: number, created: string): HistoryItem[] {
  let layers = 0;
  const items = history.map((item) => {
    if (item.empty_layer !== true) layers++;
    return layers > baseLayers ? { ...item, empty_layer: true } : item;
  });
  return [...items, { created, created_by: 'lamella build --squash', comment: 'lamella' }];
}

/** The entries that make `next` of `base`. Trees share the nodes of what did not change. */
function* changesBetween(base: FileTree, next: FileTree): Generator<PackEntry | WhiteoutEntry, void> {
  const seen = new Map<Node, string>();
  yield* changesBelow({ base: base.root, next: next.root, path: '' }, seen);
}

interface Pair {
  readonly base: Node | undefined;
  readonly next: Node;
  readonly path: string;
}

function* changesBelow(
  { base, next, path }: Pair,
  seen: Map<Node, string>,
): Generator<PackEntry | WhiteoutEntry, void> {
  if (!isDirectoryNode(next)) return;
  const before = isDirectoryNode(base) ? base.children : new Map<string, Node>();
  for (const name of [...before.keys()].sort()) {
    if (!next.children.has(name)) yield { path: joinPath(path, name), type: 'whiteout' };
  }
  for (const name of new FileTree(next).list('')) {
    const node = next.children.get(name);
    const old = before.get(name);
    if (node === undefined || node === old) continue;
    const at = joinPath(path, name);
    yield* withLink(at, node, seen);
    yield* changesBelow({ base: old, next: node, path: at }, seen);
  }
}

function* withLink(path: string, node: Node, seen: Map<Node, string>): Generator<PackEntry, void> {
  const first = isDirectoryNode(node) ? undefined : seen.get(node);
  seen.set(node, first ?? path);
  if (first === undefined) return yield treeEntry(path, node);
  const { source: _source, digest: _digest, ...entry } = treeEntry(path, node);
  yield { ...entry, type: 'hardlink', size: 0, link: first };
}

/** All entries of a tree, hard links as such: the whole of a root file system. */
export function* flatEntries(tree: FileTree): Generator<PackEntry, void> {
  for (const entry of changesBetween(FileTree.empty, tree)) if ('mode' in entry) yield entry;
}
