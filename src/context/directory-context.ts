import { type Dirent, lstatSync, readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { ContextError, isBuilderError } from '../core/errors.ts';
import type { IgnoreMatcher } from '../core/ignore.ts';
import { baseName, compareBytes, joinPath, parentPath } from '../core/paths.ts';
import type { Tree } from '../core/tree.ts';
import { errnoOf } from '../io/host-error.ts';
import { fileChanged, isAbsent, requireDirectory, unreadable } from './context-error.ts';
import { type ContextNode, NodeMaker } from './context-node.ts';
import { type WatchedPaths, watchPaths } from './file-watch.ts';

/** A directory of this machine as a tree. Ignored paths and sockets are absent. */
export interface ContextTree extends Tree {
  lookup(path: string): ContextNode | undefined;
  /** Every path that was looked at so far, ignored ones and absent ones too; see `watchPaths`. */
  watched(): WatchedPaths;
}

/**
 * Opens a build context. The disk is read when a path is asked for, once for each path; hard links (equal device and
 * inode) are one node.
 * @throws ContextError `CONTEXT_NOT_FOUND`; its methods `CONTEXT_UNREADABLE`, `CONTEXT_BAD_NAME`, `CONTEXT_FILE_CHANGED`
 */
export function openDirectoryContext(root: string, options: { readonly ignore?: IgnoreMatcher } = {}): ContextTree {
  requireDirectory(root);
  return new DirectoryContext(resolve(root), options.ignore);
}

class DirectoryContext implements ContextTree {
  readonly #root: string;
  /** The same without links, and without the slash of /. */
  readonly #realRoot: string;
  readonly #ignore: IgnoreMatcher | undefined;
  readonly #maker = new NodeMaker();
  readonly #nodes = new Map<string, ContextNode | undefined>();
  readonly #names = new Map<string, readonly string[]>();
  /** Files of more than one name, by device and inode. */
  readonly #linked = new Map<string, ContextNode>();

  constructor(root: string, ignore: IgnoreMatcher | undefined) {
    this.#root = root;
    this.#realRoot = realpathSync(root).replace(/\/$/, '');
    this.#ignore = ignore;
  }

  lookup(path: string): ContextNode | undefined {
    const node = this.#node(path);
    if (node === undefined || !this.#ignores(path)) return node;
    return node.type === 'directory' && this.list(path).length > 0 ? node : undefined;
  }

  watched(): WatchedPaths {
    return watchPaths(`${this.#root}/`, [...this.#nodes.keys()], (path) => {
      const node = this.#nodes.get(path);
      if (node === undefined) return undefined;
      return { identity: node.identity, isPassedThrough: node.type === 'directory' && !this.#names.has(path) };
    });
  }

  list(path: string): readonly string[] {
    const known = this.#names.get(path);
    if (known !== undefined) return known;
    const names = this.#mayHoldSomething(path) ? this.#readNames(path) : [];
    this.#names.set(path, names);
    return names;
  }

  #mayHoldSomething(path: string): boolean {
    if (this.#ignores(path) && !this.#ignore?.mayKeepBelow(path)) return false;
    return this.#node(path)?.type === 'directory';
  }

  #readNames(path: string): readonly string[] {
    const ignoresSome = this.#ignore !== undefined;
    return this.#readDirectory(path)
      .filter((entry) => (ignoresSome ? this.#isVisible(joinPath(path, entry.name), entry) : !entry.isSocket()))
      .map((entry) => entry.name)
      .sort(compareBytes);
  }

  /** Names of the directory that was found there: a link in its place leads to ones that are nobody's business. */
  #readDirectory(path: string): Dirent[] {
    const absolute = this.#absolute(path);
    const found = this.#node(path)?.identity;
    const entries = readDirectory(absolute);
    const now = path === '' ? undefined : lstatSync(absolute, { throwIfNoEntry: false });
    if (path !== '' && (now?.ino !== Number(found?.ino) || now?.dev !== found?.dev)) throw fileChanged(absolute);
    return entries;
  }

  #isVisible(path: string, entry: Dirent): boolean {
    if (entry.isSocket()) return false;
    return !this.#ignores(path) || (entry.isDirectory() && this.list(path).length > 0);
  }

  #ignores(path: string): boolean {
    return this.#ignore?.ignores(path) === true;
  }

  /** What is on the disk, ignored or not. A path that leads through a symbolic link is not a path of the tree. */
  #node(path: string): ContextNode | undefined {
    const known = this.#nodes.get(path);
    if (known !== undefined || this.#nodes.has(path)) return known;
    const parent = path === '' || this.#node(parentPath(path))?.type === 'directory';
    const node = parent && isName(baseName(path), path) ? this.#readNode(path) : undefined;
    this.#nodes.set(path, node);
    return node;
  }

  #readNode(path: string): ContextNode | undefined {
    const absolute = this.#absolute(path);
    try {
      const stats = lstatSync(absolute, { bigint: true });
      const real = this.#root === this.#realRoot ? absolute : `${this.#realRoot}/${path}`;
      const node = this.#maker.make({ path: absolute, real }, stats, () => readLink(absolute));
      return node?.type === 'file' && stats.nlink > 1n ? this.#sharedNode(node) : node;
    } catch (error) {
      if (isBuilderError(error)) throw error;
      if (!isAbsent(error) || isTooDeep(path, error)) throw unreadable(absolute, error);
      if (path.includes('\uFFFD')) throw badName(absolute);
      return undefined;
    }
  }

  #sharedNode(node: ContextNode): ContextNode {
    const key = `${node.identity.dev}:${node.identity.ino}`;
    const shared = this.#linked.get(key) ?? node;
    this.#linked.set(key, shared);
    return shared;
  }

  /** The root itself may be reached by a symbolic link. */
  #absolute(path: string): string {
    return `${this.#root}/${path}`;
  }
}

function isName(name: string, path: string): boolean {
  return path === '' || !(name === '' || name === '.' || name === '..' || name.includes('\0'));
}

/** A directory, which may be another by now or gone. */
function readDirectory(absolute: string): Dirent[] {
  try {
    return readdirSync(absolute, { withFileTypes: true });
  } catch (error) {
    throw isAbsent(error) || errnoOf(error) === 'ELOOP' ? fileChanged(absolute, error) : unreadable(absolute, error);
  }
}

/** The text of what was a link a moment ago. */
function readLink(absolute: string): string {
  try {
    return readlinkSync(absolute);
  } catch (error) {
    throw isAbsent(error) || errnoOf(error) === 'EINVAL' ? fileChanged(absolute, error) : error;
  }
}

/** No name of it is too long, but all of them together are: what lies there is not absent. */
function isTooDeep(path: string, error: unknown): boolean {
  return errnoOf(error) === 'ENAMETOOLONG' && Buffer.byteLength(baseName(path)) <= 255;
}

function badName(absolute: string): ContextError {
  return new ContextError('CONTEXT_BAD_NAME', `the name of ${JSON.stringify(absolute)} is not UTF-8`, {
    hint: 'rename it, or exclude it with a pattern in .dockerignore',
  });
}
