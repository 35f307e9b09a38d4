import { closeSync, readSync } from 'node:fs';
import { LayerError } from '../core/errors.ts';
import type { ContentSource, PackEntry } from '../core/toc.ts';
import { errnoOf } from '../io/host-error.ts';
import { openFile } from '../io/open-file.ts';

/** A file of an earlier layer. */
export type LayerSource = Extract<ContentSource, { readonly kind: 'layer' }>;

/** Part of a file of the host, from `offset` on. */
export interface FileRange {
  readonly path: string;
  readonly offset: number;
}

/** Gives the content of a file of an earlier layer, which must be at hand: see {@link spoolContents}. */
export type ReadLayerContent = (source: LayerSource) => Uint8Array | FileRange;

/** A content that is being read. */
export interface OpenContent {
  /** Reads on into `target` and says how many bytes; 0 at the end. */
  read(target: Buffer): number;
  /** Whether the content must end at the entry's size: false for a part of a larger file. */
  readonly isWhole: boolean;
  close(): void;
}

/** @throws LayerError `LAYER_FILE_CHANGED`, `LAYER_FILE_UNREADABLE` */
export function openContent(entry: PackEntry, readLayerContent?: ReadLayerContent): OpenContent {
  const source = entry.source ?? { kind: 'bytes', bytes: new Uint8Array(0) };
  switch (source.kind) {
    case 'bytes':
      return openBytes(source.bytes, source.onRead);
    case 'path':
      return openHostFile(entry, source);
    case 'range':
      return openRange(entry, source, source.onRead);
    case 'layer':
      return openLayerContent(entry, source, readLayerContent);
  }
}

function openLayerContent(entry: PackEntry, source: LayerSource, readLayerContent?: ReadLayerContent): OpenContent {
  if (readLayerContent === undefined) throw new TypeError(`no reader for the content of ${entry.path} in a layer`);
  const content = readLayerContent(source);
  return content instanceof Uint8Array ? openBytes(content) : openRange(entry, content);
}

function openBytes(bytes: Uint8Array, onRead: () => void = () => undefined): OpenContent {
  let at = 0;
  return {
    isWhole: true,
    read(target) {
      const part = bytes.subarray(at, at + target.length);
      target.set(part);
      at += part.length;
      return part.length;
    },
    close: onRead,
  };
}

function openHostFile(
  entry: PackEntry,
  { path, real }: { readonly path: string; readonly real?: string },
): OpenContent {
  const fd = attempt(entry, path, () => openFile(path, real));
  return {
    isWhole: true,
    read: (target) => attempt(entry, path, () => readSync(fd, target, 0, target.length, null)),
    close: () => closeSync(fd),
  };
}

function openRange(entry: PackEntry, { path, offset }: FileRange, onRead?: () => void): OpenContent {
  const fd = attempt(entry, path, () => openFile(path));
  let position = offset;
  return {
    isWhole: false,
    read(target) {
      const bytes = attempt(entry, path, () => readSync(fd, target, 0, target.length, position));
      position += bytes;
      return bytes;
    },
    close() {
      closeSync(fd);
      onRead?.();
    },
  };
}

function attempt<T>(entry: PackEntry, path: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const errno = errnoOf(cause);
    if (errno === 'ENOENT' || errno === 'ENOTDIR') throw fileChanged(entry, 'it is gone', cause);
    if (errno === 'ELOOP' || errno === 'EISDIR') throw fileChanged(entry, 'it is no longer a regular file', cause);
    throw new LayerError('LAYER_FILE_UNREADABLE', `cannot read ${JSON.stringify(path)}: ${errno ?? String(cause)}`, {
      entry: entry.path,
      hint:
        errno === 'EACCES'
          ? 'give yourself the right to read it, or exclude it with a line in .dockerignore'
          : 'check the file and its disk',
      cause,
    });
  }
}

export function fileChanged(entry: PackEntry, how: string, cause?: unknown): LayerError {
  const path = entry.source?.kind === 'path' ? entry.source.path : entry.path;
  return new LayerError('LAYER_FILE_CHANGED', `${path} was changed while it was packed: ${how}`, {
    entry: entry.path,
    hint: 'build again when nothing writes to the files, or exclude this one',
    cause,
  });
}
