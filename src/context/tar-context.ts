import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { ContextError } from '../core/errors.ts';
import { type LayerLimits, tooLarge } from '../core/limits.ts';
import { treePath } from '../core/paths.ts';
import type { Tree, TreeNode } from '../core/tree.ts';
import { DigestCounter } from '../io/hash.ts';
import { toHostError } from '../io/host-error.ts';
import { makeFolder } from '../io/make-folder.ts';
import type { TarHeader } from '../io/tar-header.ts';
import { TarParser } from '../io/tar-reader.ts';
import { MemoryTree } from './memory-tree.ts';

export interface TarContextOptions {
  /** Gets a file for each content; new, and the caller's to remove. Names of the archive are used nowhere on the disk. */
  readonly folder: string;
  readonly limits: LayerLimits;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads an uncompressed tar archive as a build context: owners are root's, extended attributes are left out, and no name
 * leads out of it (reference, section 11).
 * @throws LayerError `LAYER_TAR_CORRUPT`, `LAYER_TAR_UNSUPPORTED`, `LAYER_TOO_LARGE`; ContextError `CONTEXT_BAD_ARCHIVE`; HostError
 */
export async function readTarContext(bytes: AsyncIterable<Uint8Array>, options: TarContextOptions): Promise<Tree> {
  makeFolder(options.folder);
  const reader = new ContextReader(options);
  const parser = new TarParser(reader);
  try {
    for await (const chunk of bytes) {
      options.signal?.throwIfAborted();
      parser.push(chunk);
    }
    parser.end();
  } finally {
    reader.close();
  }
  return reader.tree;
}

interface OpenFile {
  readonly path: string;
  readonly fd: number;
  readonly counter: DigestCounter;
}

class ContextReader {
  readonly tree: MemoryTree = new MemoryTree();
  readonly #folder: string;
  readonly #limits: LayerLimits;
  #entries = 0;
  #bytes = 0;
  #count = 0;
  #header: TarHeader | undefined;
  #file: OpenFile | undefined;

  constructor({ folder, limits }: TarContextOptions) {
    this.#folder = folder;
    this.#limits = limits;
  }

  onEntry(header: TarHeader): void {
    this.#header = header;
    this.#weigh(header);
    if (header.type === 'file' && header.size > 0) this.#file = this.#open();
  }

  /** By what an entry says of itself, before anything of it is written. */
  #weigh({ path, size }: TarHeader): void {
    const { entries, bytes } = this.#limits;
    this.#bytes += size;
    if (++this.#entries > entries) throw tooLarge(path, `${entries} entries`, 'the build context');
    if (this.#bytes > bytes) throw tooLarge(path, `${bytes} bytes of files`, 'the build context');
  }

  onData(chunk: Buffer): void {
    const file = this.#file;
    if (file === undefined) return;
    file.counter.update(chunk);
    attempt(file.path, () => {
      for (let at = 0; at < chunk.length; ) at += writeSync(file.fd, chunk, at);
    });
  }

  onEnd(): void {
    const header = this.#header;
    const content = this.#file && { path: this.#file.path, ...this.#file.counter.finish() };
    this.close();
    if (header !== undefined) this.tree.put(treePath(header.path), this.#nodeOf(header, content));
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file.fd);
    this.#file = undefined;
  }

  #open(): OpenFile {
    const path = join(this.#folder, String(this.#count++));
    return { path, fd: attempt(path, () => openSync(path, 'wx')), counter: new DigestCounter() };
  }

  #nodeOf(header: TarHeader, content: (Pick<TreeNode, 'digest'> & { readonly path: string }) | undefined): TreeNode {
    const { type, mode, mtime, link, major, minor } = header;
    if (type === 'hardlink') return this.#linked(header);
    const node = { mode, uid: 0, gid: 0, mtime };
    if (type !== 'file') {
      const device = { ...(major !== undefined && { major }), ...(minor !== undefined && { minor }) };
      return { ...node, type, size: 0, ...(link !== undefined && { link }), ...device };
    }
    if (content === undefined) return { ...node, type, size: 0 };
    const { path, digest } = content;
    return { ...node, type, size: header.size, source: { kind: 'path', path }, ...(digest && { digest }) };
  }

  /** The same object under another name is a hard link. */
  #linked({ path, link = '' }: TarHeader): TreeNode {
    const target = this.tree.lookup(treePath(link));
    if (target !== undefined && target.type !== 'directory') return target;
    throw new ContextError(
      'CONTEXT_BAD_ARCHIVE',
      `${JSON.stringify(path)} in the build context is a hard link to ${JSON.stringify(link)}, which is not a file of it`,
      { hint: 'the archive is incomplete or out of order: make it again' },
    );
  }
}

function attempt<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw toHostError(error, 'write', path);
  }
}
