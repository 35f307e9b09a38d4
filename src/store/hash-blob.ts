import { createReadStream } from 'node:fs';
import type { Digest } from '../core/digest.ts';
import { DigestCounter } from '../io/hash.ts';
import { errnoOf, toHostError } from '../io/host-error.ts';

/**
 * Digest of the bytes of a file; `undefined` when it is not there.
 * @throws HostError when it cannot be read
 */
export async function hashBlob(path: string): Promise<Digest | undefined> {
  const counter = new DigestCounter();
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) counter.update(chunk as Buffer);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw toHostError(error, 'read', path);
  }
  return counter.finish().digest;
}
