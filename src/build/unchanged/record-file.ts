import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { COLUMNS, type WatchedPaths } from '../../context/file-watch.ts';
import type { Digest } from '../../core/digest.ts';
import type { Platform } from '../../core/platform.ts';
import { writeAtomicSync } from '../../io/atomic-file.ts';
import type { BuildEvent } from '../events.ts';
import type { BuildResult } from '../result.ts';

/** An image that a build was made from, as `FROM` names it. */
export interface UsedImage {
  readonly name: string;
  /** `local`: a name of the local store; `pulled`: what the registry had under it. */
  readonly kind: 'local' | 'pulled';
  readonly platform: Platform;
  readonly digest: Digest;
}

/** A file of the store or of an output: what may be in place of an equal one. */
export interface ProducedFile {
  readonly path: string;
  readonly size: number;
  /** Milliseconds since 1970; absent where only the size counts. */
  readonly mtimeMs?: number;
}

/** A build that can be told again without being done, as long as all that it came from and all that it made is there. */
export interface UnchangedRecord {
  readonly contexts: readonly WatchedPaths[];
  /** Dockerfile and ignore files, where there might have been one too: see `isUnchangedFile`. */
  readonly files: readonly { readonly path: string; readonly identity: readonly number[] }[];
  readonly images: readonly UsedImage[];
  readonly produced: readonly ProducedFile[];
  readonly events: readonly BuildEvent[];
  readonly result: BuildResult;
}

const MAGIC = 'lamella unchanged 3\n';
const DIGEST_BYTES = 32;
const NUMBER_BYTES = Float64Array.BYTES_PER_ELEMENT;

interface Header extends Omit<UnchangedRecord, 'contexts'> {
  readonly contexts: readonly { readonly root: string; readonly count: number; readonly pathBytes: number }[];
}

/**
 * The file: magic, the sha256 of the rest, bytes of the header, the header as JSON, and for each context its paths, each
 * ended by NUL, and its columns.
 */
export function writeRecord(file: string, record: UnchangedRecord): void {
  const paths = record.contexts.map((context) => Buffer.from(context.paths.map((path) => `${path}\0`).join('')));
  const contexts = record.contexts.map(({ root, paths: { length } }, index) => {
    return { root, count: length, pathBytes: paths[index]?.length ?? 0 };
  });
  const header = Buffer.from(JSON.stringify({ ...record, contexts } satisfies Header));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length);
  const columns = record.contexts.map(({ columns: { buffer, byteOffset, byteLength } }) =>
    Buffer.from(buffer, byteOffset, byteLength),
  );
  const parts = paths.flatMap((bytes, index) => [bytes, columns[index] ?? Buffer.alloc(0)]);
  const body = [length, header, ...parts];
  writeAtomicSync(file, Buffer.concat([Buffer.from(MAGIC), sha256(...body), ...body]));
}

/** `undefined` for a file that is missing, damaged or from another version. */
export function readRecord(file: string): UnchangedRecord | undefined {
  try {
    const bytes = readFileSync(file);
    const start = MAGIC.length + DIGEST_BYTES;
    const body = bytes.subarray(start);
    if (bytes.toString('latin1', 0, MAGIC.length) !== MAGIC) return undefined;
    return sha256(body).equals(bytes.subarray(MAGIC.length, start)) ? decode(body) : undefined;
  } catch {
    return undefined;
  }
}

function decode(body: Buffer): UnchangedRecord {
  let at = 4 + body.readUInt32LE(0);
  const header = JSON.parse(body.toString('utf8', 4, at)) as Header;
  const contexts = header.contexts.map(({ root, count, pathBytes }): WatchedPaths => {
    const paths = body
      .toString('utf8', at, at + pathBytes)
      .split('\0')
      .slice(0, count);
    at += pathBytes;
    const columns = new Float64Array(count * COLUMNS);
    body.copy(new Uint8Array(columns.buffer), 0, at, at + columns.byteLength);
    at += count * COLUMNS * NUMBER_BYTES;
    return { root, paths, columns };
  });
  return { ...header, contexts };
}

function sha256(...parts: readonly Buffer[]): Buffer {
  const digest = createHash('sha256');
  for (const part of parts) digest.update(part);
  return digest.digest();
}
