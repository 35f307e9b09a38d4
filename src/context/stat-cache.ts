import { readFileSync } from 'node:fs';
import { type Digest, hexOf, toDigest } from '../core/digest.ts';
import { writeAtomicSync } from '../io/atomic-file.ts';
import { freeMemory } from '../io/free-memory.ts';
import {
  type FileIdentity,
  IDENTITY_WORDS,
  isSameIdentity,
  KeptIdentity,
  keepIdentity,
  milliseconds,
} from './file-identity.ts';
import { isRacy } from './raciness.ts';
import { type NewRow, StatTable } from './stat-table.ts';

/** Digests of files by absolute path, trusted as long as the file's identity is the same; and those of blobs of git. */
export interface StatCache {
  get(path: string, identity: FileIdentity): Digest | undefined;
  /**
   * Remembers a digest. Left out when the file changed so shortly before `hashedAtMs`, the time at which reading began,
   * that a later change could carry the same times.
   */
  set(
    path: string,
    entry: { readonly identity: FileIdentity; readonly digest: Digest; readonly hashedAtMs: number },
  ): void;
  /** The sha256 of a file that git knows as a blob. Its size tells whether it has the bytes of the blob or was converted. */
  getBlob(blob: NamedBlob): Digest | undefined;
  setBlob(blob: NamedBlob, digest: Digest): void;
  /**
   * Writes what is new, atomically, beside what others wrote meanwhile. A cache that cannot be written is given up silently:
   * it costs time, nothing else. What was read is let go of, and read again when somebody asks: of 100,000 files it is 12 MB.
   */
  save(): void;
}

export interface NamedBlob {
  /** Name of the blob in git, in hexadecimal digits. */
  readonly id: string;
  /** Bytes of the file. */
  readonly size: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;
const KEEP_DAYS = 60;

/** Opens the cache in `file`. A file that is missing or damaged is an empty cache. */
export function openStatCache(file: string, now: () => number = Date.now): StatCache {
  return new FileStatCache(file, Math.floor(now() / DAY_MS));
}

/** What was found out by this build, with the objects that it has anyway. */
interface Added {
  readonly identity: FileIdentity;
  readonly digest: Digest;
}

class FileStatCache implements StatCache {
  readonly #file: string;
  readonly #today: number;
  #loaded: StatTable | undefined;
  readonly #added = new Map<string, Added>();
  readonly #words = new Uint32Array(IDENTITY_WORDS);

  constructor(file: string, today: number) {
    this.#file = file;
    this.#today = today;
    this.#loaded = load(file);
  }

  get #table(): StatTable {
    this.#loaded ??= load(this.#file);
    return this.#loaded;
  }

  get(path: string, identity: FileIdentity): Digest | undefined {
    const added = this.#added.get(path);
    if (added !== undefined) return isSameIdentity(added.identity, identity) ? added.digest : undefined;
    const row = this.#table.find(path);
    if (row === undefined || !this.#hasIdentity(row, identity)) return undefined;
    this.#table.setDay(row, this.#today);
    return toDigest(this.#table.sha256(row));
  }

  #hasIdentity(row: number, identity: FileIdentity): boolean {
    if (identity instanceof KeptIdentity) return this.#table.hasIdentity(row, identity.words, identity.at);
    keepIdentity(identity, this.#words, 0);
    return this.#table.hasIdentity(row, this.#words, 0);
  }

  set(path: string, { identity, digest, hashedAtMs }: Added & { readonly hashedAtMs: number }): void {
    if (!isYoung(identity, hashedAtMs)) this.#added.set(path, { identity, digest });
  }

  getBlob({ id, size }: NamedBlob): Digest | undefined {
    return this.get(blobName(id), { ...NO_IDENTITY, size });
  }

  setBlob({ id, size }: NamedBlob, digest: Digest): void {
    this.#added.set(blobName(id), { identity: { ...NO_IDENTITY, size }, digest });
  }

  save(): void {
    if (this.#added.size > 0) this.#write();
    this.#loaded?.release();
    this.#loaded = undefined;
  }

  #write(): void {
    try {
      const table = this.#loaded?.isIn(this.#file) === true ? this.#loaded : load(this.#file);
      const oldest = this.#today - KEEP_DAYS;
      const bytes = table.encodeWith(this.#added, (added) => this.#toRow(added), oldest);
      writeAtomicSync(this.#file, bytes);
      freeMemory(bytes);
      this.#added.clear();
    } catch {}
  }

  #toRow({ identity, digest }: Added): NewRow {
    return {
      putIdentity: (words, at) => keepIdentity(identity, words, at),
      sha256: hexOf(digest),
      day: this.#today,
    };
  }
}

/** Of a blob, which never changes. */
const NO_IDENTITY: FileIdentity = {
  ...{ dev: 0, ino: 0, size: 0, mode: 0 },
  ...{ mtime: 0, mtimeNanoseconds: 0, ctime: 0, ctimeNanoseconds: 0 },
};

/** No absolute path begins like this. */
function blobName(id: string): string {
  return `blob ${id}`;
}

function isYoung({ mtime, mtimeNanoseconds, ctime, ctimeNanoseconds }: FileIdentity, hashedAtMs: number): boolean {
  return (
    isRacy(milliseconds(mtime, mtimeNanoseconds), hashedAtMs) ||
    isRacy(milliseconds(ctime, ctimeNanoseconds), hashedAtMs)
  );
}

function load(file: string): StatTable {
  try {
    return StatTable.decode(readFileSync(file)) ?? StatTable.empty;
  } catch {
    return StatTable.empty;
  }
}
