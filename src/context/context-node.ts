import type { BigIntStats } from 'node:fs';
import type { TreeNode } from '../core/tree.ts';

/**
 * What tells whether a file changed, as the file system reports it, exactly. All are numbers that V8 keeps without memory
 * of their own wherever they are small, since a context may have hundreds of thousands.
 */
export interface FileIdentity {
  readonly dev: number;
  /** A bigint only where a number would not be exact. */
  readonly ino: number | bigint;
  readonly size: number;
  readonly mode: number;
  /** Times in whole seconds since 1970, and the rest of each in nanoseconds. */
  readonly mtime: number;
  readonly mtimeNanoseconds: number;
  readonly ctime: number;
  readonly ctimeNanoseconds: number;
}

/** A node of a directory on this machine. */
export interface ContextNode extends TreeNode {
  readonly identity: FileIdentity;
}

export function isContextNode(node: TreeNode): node is ContextNode {
  return 'identity' in node;
}

const NANOSECONDS = 1_000_000_000n;

/** A path as it was found. */
export interface FoundFile {
  readonly path: string;
  /** The same without links. */
  readonly real: string;
}

/** A path as a node; `undefined` for a socket. `readLink` is asked for symbolic links only. */
export function toContextNode(found: FoundFile, stats: BigIntStats, readLink: () => string): ContextNode | undefined {
  const type = typeOf(stats);
  if (type === undefined) return undefined;
  const identity = identityOf(stats);
  const { mtime, mtimeNanoseconds } = identity;
  // Owners count as root's (reference, section 11), and context files carry no extended attributes (design 5).
  const common = { mode: identity.mode & 0o7777, uid: 0, gid: 0, mtime, mtimeNanoseconds, identity } as const;
  switch (type) {
    case 'file':
      return { ...common, type, size: identity.size, source: { kind: 'path', path: found.path, real: found.real } };
    case 'symlink':
      return { ...common, type, size: 0, link: readLink() };
    case 'character':
    case 'block':
      return { ...common, type, size: 0, ...deviceNumbers(stats.rdev) };
    default:
      return { ...common, type, size: 0 };
  }
}

const TYPE_BITS = 0o170000;
const TYPES: ReadonlyMap<number, TreeNode['type']> = new Map([
  [0o100000, 'file'],
  [0o040000, 'directory'],
  [0o120000, 'symlink'],
  [0o010000, 'fifo'],
  [0o020000, 'character'],
  [0o060000, 'block'],
]);

function typeOf({ mode }: BigIntStats): TreeNode['type'] | undefined {
  return TYPES.get(Number(mode) & TYPE_BITS);
}

export function identityOf({ dev, ino, size, mode, mtimeNs, ctimeNs }: BigIntStats): FileIdentity {
  const inode = Number(ino);
  return {
    dev: Number(dev),
    ino: Number.isSafeInteger(inode) ? inode : ino,
    size: Number(size),
    mode: Number(mode),
    mtime: secondsOf(mtimeNs),
    mtimeNanoseconds: restOf(mtimeNs),
    ctime: secondsOf(ctimeNs),
    ctimeNanoseconds: restOf(ctimeNs),
  };
}

/** Rounded down, before 1970 too. */
function secondsOf(nanoseconds: bigint): number {
  const seconds = Number(nanoseconds / NANOSECONDS);
  return nanoseconds < 0n && nanoseconds % NANOSECONDS !== 0n ? seconds - 1 : seconds;
}

function restOf(nanoseconds: bigint): number {
  const rest = Number(nanoseconds % NANOSECONDS);
  return rest < 0 ? rest + Number(NANOSECONDS) : rest;
}

export function isSameIdentity(a: FileIdentity, b: FileIdentity): boolean {
  return (
    a.dev === b.dev &&
    a.ino === b.ino &&
    a.size === b.size &&
    a.mode === b.mode &&
    a.mtime === b.mtime &&
    a.mtimeNanoseconds === b.mtimeNanoseconds &&
    a.ctime === b.ctime &&
    a.ctimeNanoseconds === b.ctimeNanoseconds
  );
}

/** Milliseconds since 1970 with their fraction, as Node rounds times that are not asked for as bigint. */
export function milliseconds(seconds: number, nanoseconds: number): number {
  return seconds * 1000 + nanoseconds / 1e6;
}

/** Linux packs both numbers into one (makedev(3)). */
function deviceNumbers(rdev: bigint): { major: number; minor: number } {
  return {
    major: Number(((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & 0xfffff000n)),
    minor: Number((rdev & 0xffn) | ((rdev >> 12n) & 0xffffff00n)),
  };
}
