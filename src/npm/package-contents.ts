import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import type { ContentSource } from '../core/toc.ts';
import { freeMemory } from '../io/free-memory.ts';
import { toHostError } from '../io/host-error.ts';

/** Where the content of a file of a package is. */
export type PackageContent = Extract<ContentSource, { readonly kind: 'bytes' | 'range' }>;

/** Takes the contents of the files of a package, one after the other, and says where they are. */
export interface ContentSink {
  /** The next bytes of a content. */
  take(chunk: Buffer): void;
  /** Ends a content; gives nothing for an empty one. */
  end(): PackageContent | undefined;
  /** To be called after the last content, also when something went wrong. */
  close(): void;
}

/** Contents stay where they are: in `archive`, whose memory goes when all of them have been read. */
export function createMemorySink(archive: Uint8Array): ContentSink {
  const countReader = readersOf(() => freeMemory(archive));
  let chunks: Buffer[] = [];
  return {
    take: (chunk) => void chunks.push(chunk),
    end() {
      const [first] = chunks;
      const bytes = chunks.length > 1 ? Buffer.concat(chunks) : first;
      chunks = [];
      return bytes && { kind: 'bytes', bytes, onRead: countReader() };
    },
    close() {},
  };
}

/**
 * Contents go into one new file at `path`, back to back; it goes when all of them have been read.
 * @throws HostError when it cannot be written
 */
export function createSpool(path: string): ContentSink {
  const attempt = <T>(action: () => T): T => {
    try {
      return action();
    } catch (error) {
      throw toHostError(error, 'write', path);
    }
  };
  const fd = attempt(() => openSync(path, 'wx'));
  const countReader = readersOf(() => rmSync(path, { force: true }));
  let start = 0;
  let written = 0;
  return {
    take(chunk) {
      for (let at = 0; at < chunk.length; ) at += attempt(() => writeSync(fd, chunk, at));
      written += chunk.length;
    },
    end() {
      const offset = start;
      start = written;
      return written === offset ? undefined : { kind: 'range', path, offset, onRead: countReader() };
    },
    close: () => closeSync(fd),
  };
}

/** For whoever only wants to know which files there are. */
export const NO_CONTENTS: ContentSink = { take() {}, end: () => undefined, close() {} };

/** Calls `onLast` when everybody has read what was lent. Who never comes keeps it until the build ends. */
function readersOf(onLast: () => void): () => () => void {
  let readers = 0;
  const leave = (): void => {
    readers--;
    if (readers === 0) onLast();
  };
  return () => {
    readers++;
    return leave;
  };
}

/** The first bytes of a content, at most `length`. */
export function readBeginning(content: PackageContent | undefined, length: number): Buffer {
  if (content === undefined) return Buffer.alloc(0);
  if (content.kind === 'bytes') return Buffer.from(content.bytes.subarray(0, length));
  const { path, offset } = content;
  const target = Buffer.alloc(length);
  const fd = openSync(path, 'r');
  try {
    return target.subarray(0, readSync(fd, target, 0, length, offset));
  } finally {
    closeSync(fd);
  }
}
