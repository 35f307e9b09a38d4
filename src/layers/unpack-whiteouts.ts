import assert from 'node:assert';
import { readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { joinPath } from '../core/paths.ts';
import type { WhiteoutEntry } from '../core/toc.ts';
import type { UnpackRequest } from './unpack-request.ts';
import type { RootDirectory } from './unpack-root.ts';
import { whiteoutPath } from './whiteout.ts';

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
  /** To be called when all entries are in place. */
  finish(): void;
}

export function createWhiteouts(root: RootDirectory, written: ReadonlySet<string>, request: UnpackRequest): Whiteouts {
  switch (request.whiteouts) {
    case 'overlay':
      return new OverlayWhiteouts(root, written, request);
    case 'files':
      return new FileWhiteouts(root, written);
    case 'apply':
      return new AppliedWhiteouts(root, written);
  }
}

/** Tells overlayfs what to hide: character devices 0:0 and opaque directories (kernel, filesystems/overlayfs). */
class OverlayWhiteouts implements Whiteouts {
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

  finish(): void {}

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
class AppliedWhiteouts implements Whiteouts {
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

  finish(): void {}

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

/** Leaves them as the files that the archive has, in their simplest form: beside no entry of the same name. */
class FileWhiteouts implements Whiteouts {
  readonly #root: RootDirectory;
  readonly #written: ReadonlySet<string>;
  readonly #removed = new Set<string>();
  readonly #opaque = new Set<string>();

  constructor(root: RootDirectory, written: ReadonlySet<string>) {
    this.#root = root;
    this.#written = written;
  }

  remove(path: string): void {
    this.#removed.add(path);
  }

  hide(path: string): void {
    this.#root.ensureDirectory(path, path);
    this.#opaque.add(path);
  }

  onDirectory(): void {}

  isMarked(): boolean {
    return false;
  }

  finish(): void {
    for (const path of this.#removed) {
      if (!this.#written.has(path)) this.#writeMarker({ path, type: 'whiteout' });
      else if (this.#root.stat(path)?.isDirectory() === true) this.#opaque.add(path);
    }
    for (const path of this.#opaque) this.#writeMarker({ path, type: 'opaque' });
  }

  #writeMarker(entry: WhiteoutEntry): void {
    writeFileSync(this.#root.place(whiteoutPath(entry)), '', { mode: 0o600 });
  }
}
