import assert from 'node:assert/strict';
import type { Digest } from '../../core/digest.ts';
import type { TreeNode } from '../../core/tree.ts';
import { capabilityOf } from './copy-entry.ts';
import type { CopyTarget, SelectedSource } from './request.ts';

/**
 * What is copied, as an ingredient of a cache key: names, attributes and contents, never a time (reference, section 16).
 * Each string is a JSON text, so that no two different lists of them are equal.
 */
export function sourceKeyFields(
  selection: readonly SelectedSource[],
  digestOf: (node: TreeNode) => Digest | undefined,
): string[] {
  return selection.flatMap((source) => sourceFields(source, digestOf));
}

function sourceFields(
  { kind, name, paths }: SelectedSource,
  digestOf: (node: TreeNode) => Digest | undefined,
): string[] {
  const firstNames = new Map<TreeNode, string>();
  const fields = paths.map(({ path, node }) => {
    if (node.type === 'file' && node.isSingle !== true) {
      const first = firstNames.get(node);
      if (first !== undefined) return JSON.stringify([path, 'hardlink', first]);
      firstNames.set(node, path);
    }
    return fieldText(path, node, contentOf(path, node, digestOf));
  });
  return [JSON.stringify([kind, name, fields.length]), ...fields];
}

/**
 * A JSON list. Most nodes have numbers only, which need no quoting: that is three times as fast. Joined it is one text in
 * memory, where V8 keeps what is concatenated in all its pieces.
 */
function fieldText(path: string, node: TreeNode, content: string | undefined): string {
  const { type, mode, uid, gid, size, link, major, minor } = node;
  const more = [link, major, minor, capabilityOf(node)];
  const rest = more.every((value) => value === undefined) ? 'null,null,null,null' : JSON.stringify(more).slice(1, -1);
  const last = content === undefined ? 'null]' : `"${content}"]`;
  return [`[${JSON.stringify(path)},"${type}"`, mode, uid, gid, size, rest, last].join(',');
}

function contentOf(path: string, node: TreeNode, digestOf: (node: TreeNode) => Digest | undefined): string | undefined {
  if (node.type !== 'file' || node.size === 0) return undefined;
  const digest = node.digest ?? digestOf(node);
  assert(digest !== undefined, `no digest for ${JSON.stringify(path)}`);
  return digest;
}

/**
 * What of the stage below the result goes through: where the destination leads, and the directories on the way. For a plan
 * that `unpacks`, the rest of the destination counts as well.
 */
export function targetKeyFields({ path, type, directories }: CopyTarget): string[] {
  const ancestors = directories.map(({ path: at, node }) =>
    JSON.stringify([at, node.mode, node.uid, node.gid, capabilityOf(node)]),
  );
  return [JSON.stringify([path, type]), ...ancestors];
}
