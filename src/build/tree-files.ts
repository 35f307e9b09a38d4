import type { DiffId } from '../core/digest.ts';
import type { Layer } from '../core/image.ts';
import { extractContents } from '../layers/extract.ts';
import type { AccountTexts } from '../rootfs/accounts.ts';
import { isDirectoryNode, layerOf } from '../rootfs/file-tree.ts';
import { resolvePath } from '../rootfs/resolve.ts';
import type { LayerStack } from './layer-stack.ts';
import type { Session } from './session.ts';

/** Text of a file of a stage, links followed; `undefined` when there is none. Account files come from the TOC. */
export async function readTreeFile(session: Session, stack: LayerStack, path: string): Promise<string | undefined> {
  return (await readTreeBytes(session, stack, path))?.toString();
}

/** {@link readTreeFile} as bytes. */
export async function readTreeBytes(session: Session, stack: LayerStack, path: string): Promise<Buffer | undefined> {
  const tree = await stack.tree();
  const resolved = resolvePath(tree, path);
  const node = resolved === undefined ? undefined : tree.lookup(resolved);
  if (node === undefined || isDirectoryNode(node) || node.type !== 'file') return undefined;
  if (node.data !== undefined) return Buffer.from(node.data, 'base64');
  const diffId = layerOf(node);
  if (node.source?.kind !== 'layer' || diffId === undefined) return Buffer.alloc(0);
  const chunks: Uint8Array[] = [];
  const wanted = new Map([[node.source.offset, node.size]]);
  const uncompressed = session.library.uncompressed(layerWith(stack, diffId));
  await extractContents(uncompressed, wanted, (_offset, chunk) => void chunks.push(Buffer.from(chunk)));
  return Buffer.concat(chunks);
}

/** The layer of a stack that has a diff ID. */
export function layerWith(stack: LayerStack, diffId: DiffId): Layer {
  const layer = stack.layers().find((candidate) => candidate.diffId === diffId);
  if (layer === undefined) throw new TypeError(`no layer ${diffId} in the stage`);
  return layer;
}

/** The files that names of users and groups are looked up in. */
export async function accountTexts(session: Session, stack: LayerStack): Promise<AccountTexts> {
  const [passwd, group] = await Promise.all([
    readTreeFile(session, stack, 'etc/passwd'),
    readTreeFile(session, stack, 'etc/group'),
  ]);
  return { passwd, group };
}
