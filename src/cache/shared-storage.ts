import type { Digest } from '../core/digest.ts';
import type { Bytes, Written } from '../core/ports.ts';
import type { CacheKey } from './cache-key.ts';

/**
 * A place that machines share: a small document for each step, and blobs. All that a kind of shared cache has to do. What
 * it answers is checked by whoever asks; failures are thrown.
 */
export interface SharedStorage {
  /** For messages. */
  readonly name: string;
  readDocument(key: CacheKey): Promise<Uint8Array | undefined>;
  /** Everything that the document names is there already. What was there under the key is replaced. */
  writeDocument(key: CacheKey, document: Uint8Array): Promise<void>;
  hasBlob(blob: Written): Promise<boolean>;
  readBlob(blob: Written): Bytes;
  /** What is there already is success. */
  writeBlob(blob: Written, bytes: Bytes): Promise<void>;
  list(): AsyncIterable<CacheKey>;
  /** Takes a document away. */
  remove(key: CacheKey): Promise<void>;
  /** Takes away blobs that are not among those that documents name, where the place does not see to that itself. */
  sweep(named: ReadonlySet<Digest>): Promise<void>;
}
