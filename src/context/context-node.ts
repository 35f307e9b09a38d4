import type { BigIntStats } from 'node:fs';
import type { TreeNode } from '../core/tree.ts';

/** What tells whether a file changed, as the file system reports it; times in nanoseconds since 1970. */
export interface FileIdentity {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: bigint;
  readonly mode: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
}

/** A node of a directory on this machine. */
export interface ContextNode extends TreeNode {
  readonly identity: FileIdentity;
}

export function isContextNode(node: TreeNode): node is ContextNode {
  return 'identity' in node;
}

/** Owners count as root's (reference, section 11), and context files carry no extended attributes (design 5). */
const OWNER = { uid: 0, gid: 0 } as const;

const NANOSECONDS = 1_000_000_000n;

/** A path as a node; `undefined` for a socket. `readLink` is asked for symbolic links only. */
export function toContextNode(path: string, stats: BigIntStats, readLink: () => string): ContextNode | undefined {
  const type = typeOf(stats);
  if (type === undefined) return undefined;
  const common = { mode: Number(stats.mode & 0o7777n), ...OWNER, ...timesOf(stats), identity: identityOf(stats) };
  switch (type) {
    case 'file':
      return { ...common, type, size: Number(stats.size), source: { kind: 'path', path } };
    case 'symlink':
      return { ...common, type, size: 0, link: readLink() };
    case 'character':
    case 'block':
      return { ...common, type, size: 0, ...deviceNumbers(stats.rdev) };
    default:
      return { ...common, type, size: 0 };
  }
}

function typeOf(stats: BigIntStats): TreeNode['type'] | undefined {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  if (stats.isSymbolicLink()) return 'symlink';
  if (stats.isFIFO()) return 'fifo';
  if (stats.isCharacterDevice()) return 'character';
  return stats.isBlockDevice() ? 'block' : undefined;
}

function timesOf({ mtimeNs }: BigIntStats): { mtime: number; mtimeNanoseconds: number } {
  const nanoseconds = ((mtimeNs % NANOSECONDS) + NANOSECONDS) % NANOSECONDS;
  return { mtime: Number((mtimeNs - nanoseconds) / NANOSECONDS), mtimeNanoseconds: Number(nanoseconds) };
}

export function identityOf({ dev, ino, size, mode, mtimeNs, ctimeNs }: BigIntStats): FileIdentity {
  return { dev, ino, size, mode, mtimeNs, ctimeNs };
}

export function isSameIdentity(a: FileIdentity, b: FileIdentity): boolean {
  return (
    a.dev === b.dev &&
    a.ino === b.ino &&
    a.size === b.size &&
    a.mode === b.mode &&
    a.mtimeNs === b.mtimeNs &&
    a.ctimeNs === b.ctimeNs
  );
}

/** Linux packs both numbers into one (makedev(3)). */
function deviceNumbers(rdev: bigint): { major: number; minor: number } {
  return {
    major: Number(((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & 0xfffff000n)),
    minor: Number((rdev & 0xffn) | ((rdev >> 12n) & 0xffffff00n)),
  };
}
