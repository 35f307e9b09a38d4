import assert from 'node:assert/strict';
import { type TextList, TextListWriter } from '../../cache/text-list.ts';
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
): TextList {
  const fields = new TextListWriter();
  for (const { kind, name, paths } of selection) {
    fields.add(JSON.stringify([kind, name, paths.length]));
    const firstNames = new Map<TreeNode, string>();
    for (const { path, node } of paths) {
      const first = firstNameOf(node, path, firstNames);
      fields.add(
        first === undefined
          ? fieldText(path, node, contentOf(path, node, digestOf))
          : JSON.stringify([path, 'hardlink', first]),
      );
    }
  }
  return fields.finish();
}

/** The path that holds the same file already; notes this one where there is none. */
function firstNameOf(node: TreeNode, path: string, firstNames: Map<TreeNode, string>): string | undefined {
  if (node.type !== 'file' || node.isSingle === true) return undefined;
  const first = firstNames.get(node);
  if (first === undefined) firstNames.set(node, path);
  return first;
}

/** A JSON list. Most nodes have numbers only, which need no quoting: that is three times as fast. */
function fieldText(path: string, node: TreeNode, content: string | undefined): string {
  const { type, mode, uid, gid, size } = node;
  const name = NEEDS_NO_ESCAPE.test(path) ? `"${path}"` : JSON.stringify(path);
  const last = content === undefined ? 'null' : `"${content}"`;
  return `[${name},"${type}",${mode},${uid},${gid},${size},${rareText(node)},${last}]`;
}

/** What stands in JSON as it is. */
const NEEDS_NO_ESCAPE = /^[ !#-[\]-~]*$/;

function rareText(node: TreeNode): string {
  const { link, major, minor } = node;
  const capability = capabilityOf(node);
  if ([link, major, minor, capability].every((value) => value === undefined)) return 'null,null,null,null';
  return JSON.stringify([link, major, minor, capability]).slice(1, -1);
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
