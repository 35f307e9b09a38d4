import { readFileSync } from 'node:fs';
import { type Digest, hexOf, toDigest } from '../core/digest.ts';
import { writeAtomicSync } from '../io/atomic-file.ts';
import type { FileIdentity } from './context-node.ts';
import { isRacy } from './raciness.ts';
import { decodeStatCache, encodeIdentity, encodeStatCache, type StatRecord } from './stat-cache-file.ts';

/** Digests of files by absolute path, trusted as long as the file's identity is the same. */
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
  /**
   * Writes what is new, atomically; of builds that run at the same time the last one wins. A cache that cannot be
   * written is given up silently: it costs time, nothing else.
   */
  save(): void;
}

const DAY_MS = 24 * 60 * 60 * 1000;
const KEEP_DAYS = 60;

/** Opens the cache in `file`. A file that is missing or damaged is an empty cache. */
export function openStatCache(file: string, now: () => number = Date.now): StatCache {
  return new FileStatCache(file, Math.floor(now() / DAY_MS));
}

class FileStatCache implements StatCache {
  readonly #file: string;
  readonly #today: number;
  readonly #records: Map<string, StatRecord>;
  readonly #scratch = encodeIdentity({ dev: 0n, ino: 0n, size: 0n, mode: 0n, mtimeNs: 0n, ctimeNs: 0n });
  #changed = false;

  constructor(file: string, today: number) {
    this.#file = file;
    this.#today = today;
    this.#records = load(file);
  }

  get(path: string, identity: FileIdentity): Digest | undefined {
    const record = this.#records.get(path);
    if (record === undefined || !encodeIdentity(identity, this.#scratch).equals(record.identity)) return undefined;
    record.lastUsed = this.#today;
    return toDigest(record.digest.toString('hex'));
  }

  set(path: string, entry: { identity: FileIdentity; digest: Digest; hashedAtMs: number }): void {
    if (isYoung(entry.identity, entry.hashedAtMs)) return;
    this.#changed = true;
    this.#records.set(path, {
      identity: encodeIdentity(entry.identity),
      digest: Buffer.from(hexOf(entry.digest), 'hex'),
      lastUsed: this.#today,
    });
  }

  save(): void {
    if (!this.#changed) return;
    const current = [...this.#records].filter(([, record]) => record.lastUsed > this.#today - KEEP_DAYS);
    try {
      writeAtomicSync(this.#file, encodeStatCache(new Map(current)));
      this.#changed = false;
    } catch {}
  }
}

function isYoung({ mtimeNs, ctimeNs }: FileIdentity, hashedAtMs: number): boolean {
  return [mtimeNs, ctimeNs].some((time) => isRacy(Number(time) / 1e6, hashedAtMs));
}

function load(file: string): Map<string, StatRecord> {
  try {
    return decodeStatCache(readFileSync(file)) ?? new Map();
  } catch {
    return new Map();
  }
}
