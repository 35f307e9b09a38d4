import { closeSync, constants, linkSync, mkdirSync, openSync, symlinkSync, writeSync } from 'node:fs';
import { tooLarge } from '../core/limits.ts';
import { compareTreePaths, treePath } from '../core/paths.ts';
import type { Metadata } from '../core/toc.ts';
import { errnoOf } from '../io/host-error.ts';
import type { TarHeader } from '../io/tar-header.ts';
import type { TarHandler } from '../io/tar-reader.ts';
import { linkMissing } from './unpack-errors.ts';
import { setFileMetadata, setLinkMetadata, setPathMetadata } from './unpack-metadata.ts';
import type { UnpackRequest, UnpackResult } from './unpack-request.ts';
import { isAtOrBelow, RootDirectory } from './unpack-root.ts';
import { createWhiteouts, type Whiteouts } from './unpack-whiteouts.ts';
import { parseWhiteout } from './whiteout.ts';

const IMPLIED_DIRECTORY: Metadata = { mode: 0o755, uid: 0, gid: 0, mtime: 0 };
const CAPABILITY = 'security.capability';
const CREATE_FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);

/** Writes the entries of a layer tar into a directory as the parser tells of them. */
export class Unpacker implements TarHandler {
  readonly #request: UnpackRequest;
  readonly #root: RootDirectory;
  readonly #whiteouts: Whiteouts;
  /** Metadata of directories is set at the end, when nothing changes their times any more. */
  readonly #directories = new Map<string, Metadata>();
  /** Paths that this layer has put in place. */
  readonly #written = new Set<string>();
  readonly #skipped = new Set<string>();
  readonly #implied = new Set<string>();
  #file: { readonly fd: number; readonly header: TarHeader; readonly hostPath: string } | undefined;
  #entries = 0;
  #bytes = 0;
  #current = '';

  constructor(request: UnpackRequest) {
    this.#request = request;
    this.#root = new RootDirectory(request.root, {
      onImplied: (path) => this.#describeImplied(path),
      givesWay: (path) => this.#whiteouts.isMarked(path),
    });
    this.#whiteouts = createWhiteouts(this.#root, this.#written, request);
  }

  /** The entry that is being unpacked, as in the archive. */
  get current(): string {
    return this.#current;
  }

  onEntry(header: TarHeader): void {
    this.#current = header.path;
    this.#count(header);
    const path = treePath(header.path);
    const marker = parseWhiteout(path);
    if (marker === 'ignored' || (marker === undefined && path === '')) return;
    if (marker === undefined) this.#put(header, this.#renamed(path));
    else if (marker.type === 'whiteout') this.#whiteouts.remove(this.#renamed(marker.path));
    else this.#whiteouts.hide(this.#renamed(marker.path));
  }

  onData(chunk: Buffer): void {
    if (this.#file === undefined) return;
    for (let at = 0; at < chunk.length; ) at += writeSync(this.#file.fd, chunk, at);
  }

  onEnd(): void {
    if (this.#file === undefined) return;
    const { fd, header, hostPath } = this.#file;
    setFileMetadata(fd, header, this.#request.ownership);
    this.close();
    const capability = header.xattrs?.[CAPABILITY];
    if (capability !== undefined) this.#request.setCapability?.(hostPath, capability);
  }

  finish(): UnpackResult {
    this.#whiteouts.finish();
    // Children first: a directory may close itself to those who are not root.
    const directories = [...this.#directories].sort(([a], [b]) => compareTreePaths(b, a));
    for (const [path, metadata] of directories) {
      this.#current = path;
      setPathMetadata(this.#root.hostPath(path), metadata, this.#request.ownership);
    }
    return { entries: this.#entries, bytes: this.#bytes, skipped: [...this.#skipped], implied: [...this.#implied] };
  }

  /** Closes the file that is being written, if any. */
  close(): void {
    if (this.#file !== undefined) closeSync(this.#file.fd);
    this.#file = undefined;
  }

  #count({ path, size }: TarHeader): void {
    const { bytes = Number.POSITIVE_INFINITY, entries = Number.POSITIVE_INFINITY } = this.#request.limits ?? {};
    this.#entries++;
    this.#bytes += size;
    if (this.#entries > entries) throw tooLarge(path, `${entries} entries`);
    if (this.#bytes > bytes) throw tooLarge(path, `${bytes} bytes of files`);
  }

  #renamed(path: string): string {
    return this.#request.rename?.get(path) ?? path;
  }

  #put(header: TarHeader, path: string): void {
    const hostPath = this.#root.place(path);
    switch (header.type) {
      case 'directory':
        this.#putDirectory(header, path);
        break;
      case 'file':
        this.#replace(path, () => this.#openFile(header, hostPath));
        break;
      case 'symlink':
        this.#replace(path, () => symlinkSync(header.link ?? '', hostPath));
        setLinkMetadata(hostPath, header, this.#request.ownership);
        break;
      case 'hardlink':
        this.#putLink(header, path, hostPath);
        break;
      default:
        this.#putNode(header, path, hostPath);
    }
    this.#written.add(path);
  }

  #putDirectory(header: TarHeader, path: string): void {
    this.#makeDirectory(path);
    this.#root.markDirectory(path);
    this.#directories.set(path, header);
    this.#implied.delete(path);
    this.#whiteouts.onDirectory(path);
  }

  #makeDirectory(path: string): void {
    const hostPath = this.#root.hostPath(path);
    try {
      mkdirSync(hostPath, 0o700);
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
      if (this.#root.stat(path)?.isDirectory() === true) return;
      this.#remove(path);
      mkdirSync(hostPath, 0o700);
    }
  }

  #openFile(header: TarHeader, hostPath: string): void {
    this.#file = { fd: openSync(hostPath, CREATE_FLAGS, 0o600), header, hostPath };
  }

  #putLink(header: TarHeader, path: string, hostPath: string): void {
    const link = header.link ?? '';
    const target = this.#renamed(treePath(link));
    if (this.#skipped.has(target)) {
      this.#skipped.add(path);
      return;
    }
    const source = target === path || this.#whiteouts.isMarked(target) ? undefined : this.#root.find(target);
    if (source === undefined) throw linkMissing(header.path, link);
    this.#replace(path, () => linkSync(source, hostPath));
  }

  #putNode(header: TarHeader, path: string, hostPath: string): void {
    if (header.type !== 'character' && header.type !== 'block' && header.type !== 'fifo') return;
    this.#remove(path);
    if (!this.#makeNode(header, header.type, hostPath)) {
      this.#skipped.add(path);
      return;
    }
    setPathMetadata(hostPath, header, this.#request.ownership);
  }

  #makeNode(header: TarHeader, type: 'character' | 'block' | 'fifo', hostPath: string): boolean {
    if (this.#request.mknod === undefined) return false;
    try {
      this.#request.mknod(hostPath, type, header.mode, header.major ?? 0, header.minor ?? 0);
      return true;
    } catch (error) {
      if (errnoOf(error) === 'EPERM') return false;
      throw error;
    }
  }

  /** Creates what may not exist yet, in the place of what does. */
  #replace(path: string, create: () => void): void {
    try {
      create();
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
      this.#remove(path);
      create();
    }
  }

  #remove(path: string): void {
    this.#root.remove(path);
    this.#skipped.delete(path);
    if (!this.#directories.has(path)) return;
    for (const known of [this.#directories, this.#written, this.#skipped, this.#implied]) {
      for (const inside of known.keys()) if (isAtOrBelow(inside, path)) known.delete(inside);
    }
  }

  #describeImplied(path: string): void {
    this.#directories.set(path, this.#request.impliedDirectory?.(path) ?? IMPLIED_DIRECTORY);
    this.#implied.add(path);
    this.#written.add(path);
    this.#whiteouts.onDirectory(path);
  }
}
