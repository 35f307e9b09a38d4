import { promisify } from 'node:util';
import { gunzip as gunzipWithCallback } from 'node:zlib';
import { parentPath, treePath } from '../core/paths.ts';
import { TarParser } from '../io/tar-reader.ts';
import { npmError } from './npm-error.ts';

/** A file of an unpacked package. */
export interface PackageFile {
  readonly mode: number;
  readonly bytes: Buffer;
}

/** Files of a package by their path in it. Directories are there where a file is in them, as npm makes them. */
export type PackageFiles = Map<string, PackageFile>;

const UMASK = 0o022;

/**
 * Unpacks a tarball in memory as npm does: the first component of each path is dropped, links and devices are left out,
 * files are readable for all and never writable for others, a `.gitignore` becomes an `.npmignore`.
 * @throws StepError `STEP_NPM_BAD_TARBALL`
 */
export async function unpackPackage(tarball: Uint8Array, label: string): Promise<PackageFiles> {
  const collector = new Collector();
  try {
    const archive = isGzip(tarball)
      ? await gunzip(tarball, { chunkSize: Math.max(unpackedSize(tarball), 64) })
      : tarball;
    const parser = new TarParser({
      onEntry: (header) => collector.begin(header),
      onData: (chunk) => collector.data(chunk),
      onEnd: () => collector.end(),
    });
    parser.push(archive);
    parser.end();
  } catch (cause) {
    throw npmError(
      'STEP_NPM_BAD_TARBALL',
      `the tarball of ${label} cannot be read: ${(cause as Error).message}`,
      HINT,
      cause,
    );
  }
  return collector.files;
}

const HINT = 'its bytes are those of the lockfile: tell whoever published it, or choose another version';

/** On the thread pool. */
const gunzip = promisify(gunzipWithCallback);

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** As many bytes as one buffer may be made for at once. */
const MOST_AT_ONCE = 256 * 1024 * 1024;

/** A hint: the last member of a gzip file says how long its content is (RFC 1952, ISIZE). */
export function unpackedSize(bytes: Uint8Array): number {
  if (!isGzip(bytes) || bytes.length < 4) return bytes.length;
  const said = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 4, 4).getUint32(0, true);
  return Math.min(Math.max(said + 1, 64 * 1024), MOST_AT_ONCE);
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
  #current: { readonly path: string; readonly mode: number; readonly chunks: Buffer[] } | undefined;

  begin({ path, type, mode }: Header): void {
    const target = type === 'file' ? this.#targetOf(path) : undefined;
    this.#current = target === undefined ? undefined : { path: target, mode: fileMode(mode), chunks: [] };
  }

  data(chunk: Buffer): void {
    this.#current?.chunks.push(chunk);
  }

  end(): void {
    if (this.#current === undefined) return;
    const { path, mode, chunks } = this.#current;
    const [first = Buffer.alloc(0)] = chunks;
    this.#put(path, { mode, bytes: chunks.length > 1 ? Buffer.concat(chunks) : first });
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
