import type { Entry, TocFileEntry, WhiteoutEntry } from '../../src/core/toc.ts';
import { applyLayer } from '../../src/rootfs/apply-layer.ts';
import { FileTree } from '../../src/rootfs/file-tree.ts';
import { fileNode } from './random-tree.ts';
import { tocOf } from './tree-candidates.ts';

type Attributes = Partial<Omit<Entry, 'path' | 'type'>>;

const PLAIN = { mode: 0o644, uid: 0, gid: 0, mtime: 0, size: 0 } as const;

export function file(path: string, content = '', attributes: Attributes = {}): TocFileEntry {
  const { size, digest } = fileNode(content);
  return { ...PLAIN, ...attributes, path, type: 'file', size, ...(digest !== undefined && { digest }) };
}

export function directory(path: string, attributes: Attributes = {}): TocFileEntry {
  return { ...PLAIN, mode: 0o755, ...attributes, path, type: 'directory' };
}

export function symlink(path: string, link: string, attributes: Attributes = {}): TocFileEntry {
  return { ...PLAIN, mode: 0o777, ...attributes, path, type: 'symlink', link };
}

export function hardlink(path: string, link: string, attributes: Attributes = {}): TocFileEntry {
  return { ...PLAIN, ...attributes, path, type: 'hardlink', link };
}

export function whiteout(path: string): WhiteoutEntry {
  return { path, type: 'whiteout' };
}

export function opaque(path: string): WhiteoutEntry {
  return { path, type: 'opaque' };
}

/** The tree of layers, lowest first. */
export function treeOf(...layers: readonly (readonly (TocFileEntry | WhiteoutEntry)[])[]): FileTree {
  return layers.reduce((tree, entries) => applyLayer(tree, tocOf(entries)).tree, FileTree.empty);
}
