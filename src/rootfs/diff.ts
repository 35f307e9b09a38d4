import type { Digest } from '../core/digest.ts';
import { compareTreePaths, joinPath, parentPath } from '../core/paths.ts';
import type { Entry, WhiteoutEntry } from '../core/toc.ts';
import type { TreeNode } from '../core/tree.ts';
import type { ChangedPath } from './changed-path.ts';
import { type FileTree, isDirectoryNode, type Node } from './file-tree.ts';

export interface DiffRequest {
  /** The tree before. */
  readonly tree: FileTree;
  /** Candidates: every path that may have changed, with its present state. */
  readonly candidates: readonly ChangedPath[];
  /** False where the host maps all owners to one: then only the tree knows them. */
  readonly ownersKnown: boolean;
  /** False where the host cannot make device nodes: their absence then says nothing. */
  readonly devicesKnown: boolean;
  /** Content digests of candidates, asked for where times cannot tell. */
  readonly hash: (paths: readonly string[]) => Promise<Readonly<Record<string, Digest>>>;
}

/**
 * The entries of the layer that turns the tree into what the candidates show (reference, section 15), in layer order:
 * changed paths with their ancestors, hard links among them, and whiteouts. Never the root itself.
 */
export async function diffTree(request: DiffRequest): Promise<(Entry | WhiteoutEntry)[]> {
  const candidates = request.candidates.map((candidate) => withKnownOwner(candidate, request));
  const changed = await changedCandidates(candidates, request);
  const whiteouts = candidates.flatMap((candidate) => vanishedNames(candidate, request));
  const byPath = new Map(candidates.map((candidate) => [candidate.path, candidate]));
  const entries = new Map<string, Entry | WhiteoutEntry>();
  for (const candidate of linkGroups(changed)) entries.set(candidate.path, candidate);
  for (const whiteout of whiteouts) entries.set(whiteout.path, whiteout);
  for (const path of [...entries.keys()]) addAncestors(path, entries, { byPath, tree: request.tree });
  return [...entries.values()].sort((a, b) => compareTreePaths(a.path, b.path));
}

async function changedCandidates(
  candidates: readonly ChangedPath[],
  { tree, hash }: DiffRequest,
): Promise<ChangedPath[]> {
  const verdicts = candidates.map((candidate) => compare(candidate, tree.lookup(candidate.path)));
  const unsure = candidates.filter((_, index) => verdicts[index] === 'compare content');
  const digests = unsure.length === 0 ? {} : await hash(unsure.map((candidate) => candidate.path));
  return candidates.filter((candidate, index) => {
    if (candidate.path === '') return false;
    if (verdicts[index] !== 'compare content') return verdicts[index] === 'changed';
    return digests[candidate.path] !== tree.lookup(candidate.path)?.digest;
  });
}

type Verdict = 'changed' | 'same' | 'compare content';

function compare(now: ChangedPath, before: Node | undefined): Verdict {
  if (now.type === 'whiteout' || now.type === 'socket') return 'same';
  if (before === undefined || before.type !== now.type || !sameMetadata(now, before)) return 'changed';
  if (now.type === 'directory') return 'same';
  if (now.link !== before.link || now.size !== before.size || now.mtime !== before.mtime) return 'changed';
  if ((now.mtimeNanoseconds ?? 0) !== (before.mtimeNanoseconds ?? 0)) return 'changed';
  const wholeSeconds = (now.mtimeNanoseconds ?? 0) === 0;
  return wholeSeconds && now.type === 'file' && now.size > 0 ? 'compare content' : 'same';
}

function sameMetadata(now: ChangedPath, before: TreeNode): boolean {
  return (
    now.mode === before.mode &&
    now.uid === before.uid &&
    now.gid === before.gid &&
    (now.major ?? 0) === (before.major ?? 0) &&
    (now.minor ?? 0) === (before.minor ?? 0) &&
    now.xattrs?.[CAPABILITY] === before.xattrs?.[CAPABILITY]
  );
}

const CAPABILITY = 'security.capability';

function withKnownOwner(candidate: ChangedPath, { tree, ownersKnown }: DiffRequest): ChangedPath {
  const before = ownersKnown ? undefined : tree.lookup(candidate.path);
  return before === undefined ? candidate : { ...candidate, uid: before.uid, gid: before.gid };
}

/** Names that the tree has in a directory and its merged view lacks: one whiteout for the root of each removed tree. */
function vanishedNames(candidate: ChangedPath, { tree, devicesKnown }: DiffRequest): WhiteoutEntry[] {
  const before = tree.lookup(candidate.path);
  if (candidate.type !== 'directory' || !isDirectoryNode(before)) return [];
  const present = new Set(candidate.names);
  return [...before.children]
    .filter(([name, node]) => !present.has(name) && (devicesKnown || !isDevice(node)))
    .map(([name]) => ({ path: joinPath(candidate.path, name), type: 'whiteout' }));
}

function isDevice(node: TreeNode): boolean {
  return node.type === 'character' || node.type === 'block';
}

/** Of the names of one inode the first is the file and the others link to it; a single one is a file of its own. */
function linkGroups(changed: readonly ChangedPath[]): Entry[] {
  const first = new Map<string, string>();
  return [...changed]
    .sort((a, b) => compareTreePaths(a.path, b.path))
    .map((candidate) => {
      const target = candidate.type === 'directory' ? undefined : first.get(candidate.inode);
      if (target !== undefined) return { ...entryOf(candidate), type: 'hardlink', size: 0, link: target };
      first.set(candidate.inode, candidate.path);
      return entryOf(candidate);
    });
}

function entryOf(candidate: ChangedPath): Entry {
  const { names, inode, type, xattrs, ...rest } = candidate;
  const capability = xattrs?.[CAPABILITY];
  return {
    ...rest,
    type: type as Entry['type'],
    size: type === 'file' ? candidate.size : 0,
    ...(capability !== undefined && { xattrs: { [CAPABILITY]: capability } }),
  };
}

interface Surroundings {
  readonly byPath: ReadonlyMap<string, ChangedPath>;
  readonly tree: FileTree;
}

function addAncestors(path: string, entries: Map<string, Entry | WhiteoutEntry>, { byPath, tree }: Surroundings): void {
  for (let parent = parentPath(path); parent !== '' && !entries.has(parent); parent = parentPath(parent)) {
    const candidate = byPath.get(parent);
    const node = tree.lookup(parent);
    if (candidate !== undefined) entries.set(parent, entryOf(candidate));
    else if (isDirectoryNode(node)) entries.set(parent, directoryEntry(parent, node));
  }
}

/** A directory of the tree as a layer entry. */
export function directoryEntry(path: string, node: TreeNode): Entry {
  const { mode, uid, gid, mtime, xattrs } = node;
  return { path, type: 'directory', mode, uid, gid, mtime, size: 0, ...(xattrs !== undefined && { xattrs }) };
}
