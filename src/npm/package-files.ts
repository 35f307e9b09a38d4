import { promisify } from 'node:util';
import { createGunzip, gunzip as gunzipWithCallback } from 'node:zlib';
import { HostError } from '../core/errors.ts';
import { parentPath, treePath } from '../core/paths.ts';
import { freeMemory } from '../io/free-memory.ts';
import { TarParser } from '../io/tar-reader.ts';
import { npmError } from './npm-error.ts';
import {
  type ContentSink,
  createMemorySink,
  createSpool,
  NO_CONTENTS,
  type PackageContent,
} from './package-contents.ts';

/** A file of an unpacked package. */
export interface PackageFile {
  readonly mode: number;
  readonly size: number;
  /** Absent for an empty file. */
  readonly content?: PackageContent;
}

/** Files of a package by their path in it. Directories are there where a file is in them, as npm makes them. */
export type PackageFiles = Map<string, PackageFile>;

const UMASK = 0o022;

/** A package that has more bytes than this does not lie in memory as a whole. */
export const MOST_IN_MEMORY: number = 4 * 1024 * 1024;

/**
 * Unpacks a tarball as npm does: the first component of each path is dropped, links and devices are left out, files are
 * readable for all and never writable for others, a `.gitignore` becomes an `.npmignore`. Contents are in memory, those of a
 * large package in a new file at `spool`; each may be read once. The tarball is not the caller's any more.
 * @throws StepError `STEP_NPM_BAD_TARBALL`; HostError
 */
export async function unpackPackage(tarball: Buffer, label: string, spool: string): Promise<PackageFiles> {
  const archive = await inMemory(tarball);
  const sink = archive === undefined ? createSpool(spool) : createMemorySink(archive);
  const files = await collect(archive === undefined ? inflated(tarball) : [archive], label, sink);
  if (archive !== tarball) freeMemory(tarball);
  return files;
}

/** The paths of the files of a package, as {@link unpackPackage} has them. @throws StepError `STEP_NPM_BAD_TARBALL` */
export async function listPackage(tarball: Buffer, label: string): Promise<ReadonlySet<string>> {
  const files = await collect(isGzip(tarball) ? inflated(tarball) : [tarball], label, NO_CONTENTS);
  freeMemory(tarball);
  return new Set(files.keys());
}

async function collect(
  archive: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  label: string,
  sink: ContentSink,
): Promise<PackageFiles> {
  const collector = new Collector(sink);
  try {
    const parser = new TarParser({
      onEntry: (header) => collector.begin(header),
      onData: (chunk) => collector.data(chunk),
      onEnd: () => collector.end(),
    });
    for await (const chunk of archive) parser.push(chunk);
    parser.end();
  } catch (cause) {
    if (cause instanceof HostError) throw cause;
    throw npmError(
      'STEP_NPM_BAD_TARBALL',
      `the tarball of ${label} cannot be read: ${(cause as Error).message}`,
      HINT,
      cause,
    );
  } finally {
    sink.close();
  }
  return collector.files;
}

const HINT = 'its bytes are those of the lockfile: tell whoever published it, or choose another version';

/** On the thread pool. */
const gunzip = promisify(gunzipWithCallback);

/** The archive as a whole; `undefined` for one that is too large, or damaged, which shows when it is read in pieces. */
async function inMemory(tarball: Buffer): Promise<Buffer | undefined> {
  if (!isGzip(tarball)) return tarball;
  const size = unpackedSize(tarball);
  if (size > MOST_IN_MEMORY) return undefined;
  const options = { chunkSize: size, maxOutputLength: MOST_IN_MEMORY };
  return await gunzip(tarball, options).catch(() => undefined);
}

async function* inflated(tarball: Buffer): AsyncGenerator<Buffer, void> {
  const stream = createGunzip({ chunkSize: 256 * 1024 });
  stream.end(tarball);
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    yield chunk;
    // One that is not full will be filled up.
    if (chunk.length === chunk.buffer.byteLength) freeMemory(chunk);
  }
}

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** A hint: the last member of a gzip file says how long its content is (RFC 1952, ISIZE). */
export function unpackedSize(bytes: Uint8Array): number {
  if (!isGzip(bytes) || bytes.length < 4) return bytes.length;
  const said = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 4, 4).getUint32(0, true);
  // A byte more: a buffer that is full at the end makes zlib take another one.
  return Math.max(said + 1, 16 * 1024);
}

interface Header {
  readonly path: string;
  readonly type: string;
  readonly mode: number;
  readonly size: number;
}

class Collector {
  readonly files: PackageFiles = new Map();
  readonly #npmignores = new Set<string>();
  readonly #folders = new Set<string>();
  readonly #sink: ContentSink;
  #current: { readonly path: string; readonly mode: number; readonly size: number } | undefined;

  constructor(sink: ContentSink) {
    this.#sink = sink;
  }

  begin({ path, type, mode, size }: Header): void {
    const target = type === 'file' ? this.#targetOf(path) : undefined;
    this.#current = target === undefined ? undefined : { path: target, mode: fileMode(mode), size };
  }

  data(chunk: Buffer): void {
    if (this.#current !== undefined) this.#sink.take(chunk);
  }

  end(): void {
    if (this.#current === undefined) return;
    const { path, ...known } = this.#current;
    const content = this.#sink.end();
    this.#put(path, { ...known, ...(content !== undefined && { content }) });
    this.#current = undefined;
  }

  /** A later entry takes the place of an earlier one, also where one of them is a directory. */
  #put(path: string, file: PackageFile): void {
    for (let at = parentPath(path); at !== ''; at = parentPath(at)) {
      this.files.delete(at);
      this.#folders.add(at);
    }
    if (this.#folders.delete(path)) this.#empty(path);
    this.files.set(path, file);
  }

  #empty(folder: string): void {
    for (const path of this.files.keys()) if (path.startsWith(`${folder}/`)) this.files.delete(path);
  }

  #targetOf(archived: string): string | undefined {
    const named = this.#renamed(archived);
    if (named === undefined) return undefined;
    const parts = named.split('/').slice(1);
    const path = treePath(parts.join('/'));
    return path === '' || parts.includes('..') ? undefined : path;
  }

  #renamed(path: string): string | undefined {
    if (/(?:^|\/)\.npmignore$/.test(path)) this.#npmignores.add(path);
    if (!/(?:^|\/)\.gitignore$/.test(path)) return path;
    const npmignore = path.replace(/\.gitignore$/, '.npmignore');
    return this.#npmignores.has(npmignore) ? undefined : npmignore;
  }
}

function fileMode(mode: number): number {
  return ((mode | 0o666) & 0o777 & ~UMASK) | 0o600;
}
