import assert from 'node:assert';
import { readdirSync, rmdirSync } from 'node:fs';
import { joinPath } from '../core/paths.ts';
import type { UnpackRequest } from './unpack-request.ts';
import type { RootDirectory } from './unpack-root.ts';

/** What markers of removed paths do to the directory that a layer is unpacked into. */
export interface Whiteouts {
  /** Removes what lower layers have at `path`, never what this layer has put there. */
  remove(path: string): void;
  /** Hides what lower layers have in a directory. */
  hide(path: string): void;
  /** To be called when this layer has made a directory. */
  onDirectory(path: string): void;
  /** Whether a marker lies at `path` that gives way to an entry. */
  isMarked(path: string): boolean;
}

/** Tells overlayfs what to hide: character devices 0:0 and opaque directories (kernel, filesystems/overlayfs). */
export class OverlayWhiteouts implements Whiteouts {
  readonly #root: RootDirectory;
  readonly #written: ReadonlySet<string>;
  readonly #request: UnpackRequest;
  readonly #removed = new Set<string>();

  constructor(root: RootDirectory, written: ReadonlySet<string>, request: UnpackRequest) {
    this.#root = root;
    this.#written = written;
    this.#request = request;
  }

  remove(path: string): void {
    this.#removed.add(path);
    if (!this.#written.has(path)) this.#mark(path);
    else if (this.#root.stat(path)?.isDirectory() === true) this.#makeOpaque(path);
  }

  hide(path: string): void {
    this.#root.ensureDirectory(path, path);
    this.#makeOpaque(path);
  }

  /** A directory in the place of a removed one must not show what that one had. */
  onDirectory(path: string): void {
    if (this.#removed.has(path)) this.#makeOpaque(path);
  }

  isMarked(path: string): boolean {
    return this.#removed.has(path) && !this.#written.has(path);
  }

  #mark(path: string): void {
    assert(this.#request.mknod !== undefined, 'whiteouts of an overlay need mknod');
    const hostPath = this.#root.place(path);
    this.#root.remove(path);
    this.#request.mknod(hostPath, 'character', 0, 0, 0);
  }

  #makeOpaque(path: string): void {
    assert(this.#request.opaque !== undefined, 'whiteouts of an overlay need a way to make directories opaque');
    this.#request.opaque(this.#root.hostPath(path), path);
  }
}

/** Removes at once what is there from lower layers. */
export class AppliedWhiteouts implements Whiteouts {
  readonly #root: RootDirectory;
  readonly #written: ReadonlySet<string>;

  constructor(root: RootDirectory, written: ReadonlySet<string>) {
    this.#root = root;
    this.#written = written;
  }

  remove(path: string): void {
    if (this.#root.find(path) !== undefined) this.#removeLower(path);
  }

  hide(path: string): void {
    if (path !== '' && this.#root.find(path) === undefined) return;
    if (this.#root.stat(path)?.isDirectory() === true) this.#emptyLower(path);
  }

  onDirectory(): void {}

  isMarked(): boolean {
    return false;
  }

  #removeLower(path: string): void {
    const found = this.#root.stat(path);
    if (found?.isDirectory() !== true) {
      if (!this.#written.has(path)) this.#root.remove(path);
      return;
    }
    this.#emptyLower(path);
    const hostPath = this.#root.hostPath(path);
    if (this.#written.has(path) || readdirSync(hostPath).length > 0) return;
    rmdirSync(hostPath);
    this.#root.forget(path);
  }

  #emptyLower(path: string): void {
    for (const name of readdirSync(this.#root.hostPath(path))) this.#removeLower(joinPath(path, name));
  }
}
