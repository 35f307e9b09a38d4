import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Digest, isDigest } from '../../core/digest.ts';
import { writeAtomicSync } from '../../io/atomic-file.ts';
import { scanFiles } from '../../io/scan-folder.ts';
import { touchFile } from '../../io/touch.ts';

/** What is known of an address since it was last fetched; its content is in the store. */
export interface DownloadRecord {
  readonly digest: Digest;
  readonly size: number;
  /** Seconds since 1970, when the server told it. */
  readonly modified?: number;
  /** Headers of the answer, for the next question (RFC 9110, 8.8). */
  readonly etag?: string;
  readonly lastModified?: string;
}

/** Records by address. Addresses may hold passwords, so only their hashes are kept. */
export interface DownloadRecords {
  /** Every file; `record` is undefined for a damaged one. */
  scan(): Iterable<{ readonly path: string; readonly record: DownloadRecord | undefined }>;
  /** Notes, by the time of the file, that the record was used. */
  lookup(url: string): DownloadRecord | undefined;
  record(url: string, record: DownloadRecord): void;
}

export function createDownloadRecords(folder: string): DownloadRecords {
  const pathOf = (url: string): string => join(folder, `${createHash('sha256').update(url).digest('hex')}.json`);
  return {
    *scan() {
      for (const { path } of scanFiles(folder)) yield { path, record: readRecord(path) };
    },
    lookup(url) {
      const found = readRecord(pathOf(url));
      if (found !== undefined) touchFile(pathOf(url));
      return found;
    },
    record: (url, record) => writeAtomicSync(pathOf(url), `${JSON.stringify(record)}\n`),
  };
}

/** A damaged record counts as none. */
function readRecord(path: string): DownloadRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(path, 'utf8')) as Partial<DownloadRecord>;
    return isDigest(record.digest ?? '') && Number.isSafeInteger(record.size) ? (record as DownloadRecord) : undefined;
  } catch {
    return undefined;
  }
}
