import { compareBytes, parentPath } from '../../src/core/paths.ts';
import type { PackEntry } from '../../src/core/toc.ts';
import type { Tree, TreeNode } from '../../src/core/tree.ts';
import { digestOf } from '../../src/io/hash.ts';

type Attributes = Partial<Pick<TreeNode, 'mode' | 'uid' | 'gid' | 'mtime' | 'mtimeNanoseconds' | 'xattrs'>>;

const DEFAULTS = { uid: 0, gid: 0, mtime: 1 } as const;

/** A regular file. The same node at two paths is a hard link. */
export function file(content = '', attributes: Attributes = {}): TreeNode {
  const bytes = Buffer.from(content);
  const source = { kind: 'bytes', bytes } as const;
  return { ...DEFAULTS, mode: 0o644, ...attributes, type: 'file', size: bytes.length, digest: digestOf(bytes), source };
}

export function dir(attributes: Attributes = {}): TreeNode {
  return { ...DEFAULTS, mode: 0o755, ...attributes, type: 'directory', size: 0 };
}

export function symlink(link: string, attributes: Attributes = {}): TreeNode {
  return { ...DEFAULTS, mode: 0o777, ...attributes, type: 'symlink', size: 0, link };
}

export function device(type: 'character' | 'block', major: number, minor: number): TreeNode {
  return { ...DEFAULTS, mode: 0o600, type, size: 0, major, minor };
}

export function fifo(): TreeNode {
  return { ...DEFAULTS, mode: 0o600, type: 'fifo', size: 0 };
}

/** A small tree in memory; directories that are not named have mode 0755. `order` is that of its listings. */
export function tree(
  nodes: Readonly<Record<string, TreeNode>> = {},
  order: (a: string, b: string) => number = compareBytes,
): Tree {
  const all = new Map<string, TreeNode>([['', dir()]]);
  for (const [path, node] of Object.entries(nodes)) {
    for (let at = parentPath(path); at !== ''; at = parentPath(at)) if (!all.has(at)) all.set(at, dir());
    all.set(path, node);
  }
  return {
    lookup: (path) => all.get(path),
    list: (path) =>
      [...all.keys()]
        .filter((other) => other !== '' && parentPath(other) === path)
        .map((other) => other.slice(path === '' ? 0 : path.length + 1))
        .sort(order),
  };
}

const LETTERS: Readonly<Record<PackEntry['type'], string>> = {
  file: 'f',
  directory: 'd',
  symlink: 'l',
  hardlink: 'h',
  character: 'c',
  block: 'b',
  fifo: 'p',
};

/** An entry on one line: `f 644 0:0 a/b "content"`, `l 777 0:0 a -> b`, `h 644 0:0 a => b`. */
export function formatEntry(entry: PackEntry): string {
  const { type, mode, uid, gid, path, link, source, major, minor } = entry;
  const arrow = link === undefined ? '' : ` ${type === 'hardlink' ? '=>' : '->'} ${link}`;
  const content = source?.kind === 'bytes' ? ` ${JSON.stringify(Buffer.from(source.bytes).toString())}` : '';
  const numbers = major === undefined ? '' : ` ${major},${minor}`;
  return `${LETTERS[type]} ${mode.toString(8)} ${uid}:${gid} ${path}${arrow}${content}${numbers}`;
}
