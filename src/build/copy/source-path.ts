import { nearPath } from '../../core/near-path.ts';
import { baseName, treePath } from '../../core/paths.ts';
import type { Tree, TreeNode } from '../../core/tree.ts';
import { resolvePath } from '../../rootfs/resolve.ts';
import { linkLoop, sourceNotFound } from './copy-error.ts';
import type { SelectedPath, SourceRequest } from './request.ts';
import { unescapeGlob } from './wildcard.ts';

type Source = Pick<SourceRequest, 'source' | 'isIgnored'>;

const ROOT: TreeNode = { type: 'directory', mode: 0o755, uid: 0, gid: 0, mtime: 0, size: 0 };

export interface FoundSource extends SelectedPath {
  /** Last component of the path as written, before symbolic links were followed. */
  readonly name: string;
}

/**
 * Where a source path leads when every symbolic link is followed, the last one too; `undefined` for nowhere. A text with
 * escapes is also tried without them.
 * @throws StepError `STEP_COPY_LINK_LOOP`
 */
export function findSource(tree: Tree, text: string): FoundSource | undefined {
  return follow(tree, treePath(text)) ?? follow(tree, treePath(unescapeGlob(text)));
}

/** @throws StepError `STEP_COPY_SOURCE_NOT_FOUND`, `STEP_COPY_LINK_LOOP` */
export function requireSource(source: Source, text: string): FoundSource {
  const found = findSource(source.source, text);
  if (found === undefined) throw notFound(source, text);
  return found;
}

export function notFound({ source, isIgnored }: Source, text: string): Error {
  const path = treePath(text);
  if (isIgnored?.(path)) {
    return sourceNotFound(text, 'the ignore file excludes it: take it out of there, or add a line that starts with !');
  }
  const near = nearPath(source, path);
  return sourceNotFound(
    text,
    near === undefined
      ? 'paths are looked up from the root of the build context, or of what --from names'
      : `did you mean ${JSON.stringify(near)}?`,
  );
}

function follow(tree: Tree, path: string): FoundSource | undefined {
  const resolved = resolvePath(tree, path);
  if (resolved === undefined) throw linkLoop(path);
  const node = tree.lookup(resolved) ?? (resolved === '' ? ROOT : undefined);
  return node === undefined ? undefined : { path: resolved, node, name: baseName(path) };
}
