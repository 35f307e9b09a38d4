import assert from 'node:assert/strict';
import type { Digest } from '../../core/digest.ts';
import type { TreeNode } from '../../core/tree.ts';
import { capabilityOf } from './copy-entry.ts';
import type { CopyPlan, CopyTarget, SelectedSource } from './request.ts';

/** Ingredients of a cache key: each string is a JSON text, so that no two different lists of them are equal. */
export interface CopyKeyFields {
  /** What is copied: names, attributes and contents, never a time (reference, section 16). */
  readonly sources: readonly string[];
  /** What of the stage below the result goes through: where the destination leads, and the directories on the way. */
  readonly target: readonly string[];
}

/**
 * The part of a cache key that depends on files. Not in it: the options of the instruction; and, for a plan that
 * `unpacks`, the rest of the destination.
 */
export function copyKeyFields(
  { selection, target }: Pick<CopyPlan, 'selection' | 'target'>,
  digestOf: (node: TreeNode) => Digest | undefined,
): CopyKeyFields {
  return { sources: selection.flatMap((source) => sourceFields(source, digestOf)), target: targetFields(target) };
}

function sourceFields(
  { kind, name, paths }: SelectedSource,
  digestOf: (node: TreeNode) => Digest | undefined,
): string[] {
  const firstNames = new Map<TreeNode, string>();
  const fields = paths.map(({ path, node }) => {
    const first = node.type === 'file' ? firstNames.get(node) : undefined;
    if (first !== undefined) return JSON.stringify([path, 'hardlink', first]);
    firstNames.set(node, path);
    return JSON.stringify([path, ...attributesOf(node), contentOf(path, node, digestOf)]);
  });
  return [JSON.stringify([kind, name, fields.length]), ...fields];
}

function attributesOf(node: TreeNode): unknown[] {
  const { type, mode, uid, gid, size, link, major, minor } = node;
  return [type, mode, uid, gid, size, link, major, minor, capabilityOf(node)];
}

function contentOf(path: string, node: TreeNode, digestOf: (node: TreeNode) => Digest | undefined): string | undefined {
  if (node.type !== 'file' || node.size === 0) return undefined;
  const digest = node.digest ?? digestOf(node);
  assert(digest !== undefined, `no digest for ${JSON.stringify(path)}`);
  return digest;
}

function targetFields({ path, type, directories }: CopyTarget): string[] {
  const ancestors = directories.map(({ path: at, node }) =>
    JSON.stringify([at, node.mode, node.uid, node.gid, capabilityOf(node)]),
  );
  return [JSON.stringify([path, type]), ...ancestors];
}
