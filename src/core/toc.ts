import type { DiffId, Digest } from './digest.ts';

export type EntryType = 'file' | 'directory' | 'symlink' | 'hardlink' | 'character' | 'block' | 'fifo';

/** What the file system knows of a path besides its content. Times are those of last modification. */
export interface Metadata {
  /** Permission, setuid, setgid and sticky bits: 0 to 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Whole seconds since 1970. */
  readonly mtime: number;
  /** The rest of `mtime`, 0 to 999,999,999; absent when it is not known (a tar header has whole seconds). */
  readonly mtimeNanoseconds?: number;
  /** Extended attributes by name, values in base64. */
  readonly xattrs?: Readonly<Record<string, string>>;
}

/** A path of a layer or of a tree, as it is packed. */
export interface Entry extends Metadata {
  /** Clean and relative: no leading or trailing slash, no `.` or `..`; never empty. */
  readonly path: string;
  readonly type: EntryType;
  /** Bytes of content; 0 for all but regular files. */
  readonly size: number;
  /** Text of a symbolic link as written; for a hard link the clean path of an earlier entry of the layer. */
  readonly link?: string;
  readonly major?: number;
  readonly minor?: number;
}

/** A path that the layer removes, and a directory whose lower content it hides (image-spec, layer.md, "Whiteouts"). */
export interface WhiteoutEntry {
  readonly path: string;
  readonly type: 'whiteout' | 'opaque';
}

/** A regular entry of a table of contents: for files also the digest, and where the content lies in the layer tar. */
export interface TocFileEntry extends Entry {
  readonly digest?: Digest;
  /** Offset of the content in the uncompressed layer tar, in bytes. */
  readonly offset?: number;
  /** The content in base64, for small files and the account files that `--chown` reads. */
  readonly data?: string;
}

export type TocEntry = TocFileEntry | WhiteoutEntry;

/** Table of contents of a layer, in the order of its tar. */
export interface Toc {
  readonly version: 1;
  readonly diffId: DiffId;
  /** Bytes of the uncompressed tar. */
  readonly size: number;
  readonly entries: readonly TocEntry[];
}

export function isWhiteout(entry: TocEntry): entry is WhiteoutEntry {
  return entry.type === 'whiteout' || entry.type === 'opaque';
}

/** Where the bytes of a regular file are. */
export type ContentSource =
  /** `onRead` is told when they were read: whoever lent them may have their memory back. */
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly onRead?: () => void }
  /** A file of this machine; where `real` is given, only as long as the path leads there without links. */
  | { readonly kind: 'path'; readonly path: string; readonly real?: string }
  /** Part of a file of this machine, from `offset` on. */
  | { readonly kind: 'range'; readonly path: string; readonly offset: number; readonly onRead?: () => void }
  | { readonly kind: 'layer'; readonly layer: DiffId; readonly offset: number };

/** An entry with its content, ready to be packed. `source` is there for regular files of more than 0 bytes. */
export interface PackEntry extends Entry {
  readonly source?: ContentSource;
  /** The content's digest, where it is known before it is read; packing then checks it. */
  readonly digest?: Digest;
}
