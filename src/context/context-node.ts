import type { BigIntStats } from 'node:fs';
import type { ContentSource } from '../core/toc.ts';
import type { TreeNode } from '../core/tree.ts';
import {
  type FileIdentity,
  IDENTITY_WORDS,
  KeptIdentity,
  keepStats,
  modeAt,
  mtimeAt,
  mtimeNanosecondsAt,
  sizeAt,
} from './file-identity.ts';

/** A node of a directory on this machine. */
export interface ContextNode extends TreeNode {
  readonly identity: FileIdentity;
}

export function isContextNode(node: TreeNode): node is ContextNode {
  return 'identity' in node;
}

/** A path as it was found. */
export interface FoundFile {
  readonly path: string;
  /** The same without links. */
  readonly real: string;
}

/** Makes nodes of what is found. What the file system tells of all of them lies in few pieces of memory. */
export class NodeMaker {
  #words = new Uint32Array(0);
  #at = 0;

  /** A path as a node; `undefined` for a socket. `readLink` is asked for symbolic links only. */
  make(found: FoundFile, stats: BigIntStats, readLink: () => string): ContextNode | undefined {
    const type = TYPES.get(Number(stats.mode) & TYPE_BITS);
    if (type === undefined) return undefined;
    const place = this.#keep(stats);
    switch (type) {
      case 'file':
        return new FileNode(place, found, stats.nlink === 1n);
      case 'symlink':
        return new LinkNode(place, readLink());
      case 'character':
      case 'block':
        return new DeviceNode(place, type, stats.rdev);
      default:
        return new FoundNode(place, type);
    }
  }

  #keep(stats: BigIntStats): Place {
    if (this.#at === this.#words.length) {
      this.#words = new Uint32Array(IDENTITIES * IDENTITY_WORDS);
      this.#at = 0;
    }
    const place = { words: this.#words, at: this.#at };
    this.#at += IDENTITY_WORDS;
    keepStats(stats, place.words, place.at);
    return place;
  }
}

/** In one piece of memory. */
const IDENTITIES = 512;

/** Where the identity of a node lies. */
interface Place {
  readonly words: Uint32Array;
  readonly at: number;
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

/** Owners count as root's (reference, section 11), and context files carry no extended attributes (design 5). */
class FoundNode implements ContextNode {
  readonly type: TreeNode['type'];
  protected readonly words: Uint32Array;
  protected readonly at: number;

  constructor({ words, at }: Place, type: TreeNode['type']) {
    this.type = type;
    this.words = words;
    this.at = at;
  }

  get identity(): FileIdentity {
    return new KeptIdentity(this.words, this.at);
  }

  get mode(): number {
    return modeAt(this.words, this.at) & 0o7777;
  }

  get uid(): number {
    return 0;
  }

  get gid(): number {
    return 0;
  }

  get size(): number {
    return 0;
  }

  get mtime(): number {
    return mtimeAt(this.words, this.at);
  }

  get mtimeNanoseconds(): number {
    return mtimeNanosecondsAt(this.words, this.at);
  }
}

class FileNode extends FoundNode {
  readonly isSingle: boolean;
  readonly #path: string;
  readonly #real: string;

  constructor(place: Place, { path, real }: FoundFile, isSingle: boolean) {
    super(place, 'file');
    this.isSingle = isSingle;
    this.#path = path;
    this.#real = real;
  }

  override get size(): number {
    return sizeAt(this.words, this.at);
  }

  get source(): ContentSource {
    return { kind: 'path', path: this.#path, real: this.#real };
  }
}

class LinkNode extends FoundNode {
  readonly link: string;

  constructor(place: Place, link: string) {
    super(place, 'symlink');
    this.link = link;
  }
}

class DeviceNode extends FoundNode {
  readonly major: number;
  readonly minor: number;

  /** Linux packs both numbers into one (makedev(3)). */
  constructor(place: Place, type: 'character' | 'block', rdev: bigint) {
    super(place, type);
    this.major = Number(((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & 0xfffff000n));
    this.minor = Number((rdev & 0xffn) | ((rdev >> 12n) & 0xffffff00n));
  }
}
