import { lstatSync, mkdirSync, rmSync, type Stats, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { LayerError } from '../core/errors.ts';
import { joinPath, parentPath } from '../core/paths.ts';
import { pathEscape } from './unpack-errors.ts';

export interface RootDirectoryHooks {
  /** A directory had to be made that no entry has described so far. */
  readonly onImplied: (path: string) => void;
  /** Whether what lies at `path` gives way to a directory: a whiteout does. */
  readonly givesWay: (path: string) => boolean;
}

/**
 * The directory that a layer is unpacked into. Paths are tree paths; each is only used after its parents were seen to be
 * real directories, so that nothing is ever written through a symbolic link.
 */
export class RootDirectory {
  readonly #root: string;
  readonly #hooks: RootDirectoryHooks;
  readonly #realDirectories = new Set<string>(['']);

  constructor(root: string, hooks: RootDirectoryHooks) {
    this.#root = root;
    this.#hooks = hooks;
  }

  hostPath(path: string): string {
    return join(this.#root, path);
  }

  /**
   * Host path of `path`, whose parents are made where they are missing.
   * @throws LayerError `LAYER_PATH_ESCAPE`
   */
  place(path: string): string {
    this.ensureDirectory(parentPath(path), path);
    return this.hostPath(path);
  }

  /** Makes sure that there is a real directory at `path`, for the sake of `entry`. */
  ensureDirectory(path: string, entry: string): void {
    // No recursion: a hostile path has tens of thousands of names.
    const missing: string[] = [];
    for (let at = path; !this.#realDirectories.has(at); at = parentPath(at)) missing.push(at);
    for (let next = missing.pop(); next !== undefined; next = missing.pop()) this.#ensureInParent(next, entry);
  }

  #ensureInParent(path: string, entry: string): void {
    const found = this.#kindOf(path);
    if (found !== 'directory' && found !== 'missing') {
      if (!this.#hooks.givesWay(path)) throw notADirectory(entry, path, found);
      this.remove(path);
    }
    if (found !== 'directory') {
      mkdirSync(this.hostPath(path), 0o755);
      this.#hooks.onImplied(path);
    }
    this.#realDirectories.add(path);
  }

  /** Host path of what exists at `path`; `undefined` when it, or a parent, is not there. */
  find(path: string): string | undefined {
    for (let parent = parentPath(path); parent !== ''; parent = parentPath(parent)) {
      if (this.#realDirectories.has(parent)) break;
      const found = this.#kindOf(parent);
      if (found === 'missing') return undefined;
      if (found !== 'directory') throw notADirectory(path, parent, found);
    }
    return this.stat(path) === undefined ? undefined : this.hostPath(path);
  }

  /** To be called when a directory was made or seen at `path`, whose parents are real directories. */
  markDirectory(path: string): void {
    this.#realDirectories.add(path);
  }

  /** What is at a path with real parents, links not followed. */
  stat(path: string): Stats | undefined {
    return lstatSync(this.hostPath(path), { throwIfNoEntry: false });
  }

  /** Removes what is at a path with real parents, with all that is in it. */
  remove(path: string): void {
    const found = this.stat(path);
    if (found === undefined) return;
    if (!found.isDirectory()) {
      unlinkSync(this.hostPath(path));
      return;
    }
    rmSync(this.hostPath(path), { recursive: true });
    this.forget(path);
  }

  /** To be called when a directory was removed. */
  forget(path: string): void {
    for (const directory of this.#realDirectories) {
      if (isAtOrBelow(directory, path)) this.#realDirectories.delete(directory);
    }
  }

  #kindOf(path: string): 'missing' | 'directory' | 'link' | 'other' {
    const found = this.stat(path);
    if (found === undefined) return 'missing';
    if (found.isDirectory()) return 'directory';
    return found.isSymbolicLink() ? 'link' : 'other';
  }
}

export function isAtOrBelow(path: string, ancestor: string): boolean {
  return path === ancestor || ancestor === '' || path.startsWith(joinPath(ancestor, ''));
}

function notADirectory(entry: string, parent: string, found: 'link' | 'other'): LayerError {
  return pathEscape(entry, `${JSON.stringify(parent)} is ${found === 'link' ? 'a symbolic link' : 'no directory'}`);
}
