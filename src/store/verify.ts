import type { Digest } from '../core/digest.ts';
import { ContentError } from '../core/errors.ts';
import type { Written } from '../core/ports.ts';
import { DigestCounter } from '../io/hash.ts';

const SOURCE_HINT = 'the source is damaged or was tampered with';

/** @throws ContentError `CONTENT_SIZE_MISMATCH`, `CONTENT_DIGEST_MISMATCH`; `remedy` ends their hint */
export function checkContent(found: Written, expected: Partial<Written>, remedy: string = SOURCE_HINT): void {
  if (expected.size !== undefined && expected.size !== found.size) {
    throw new ContentError(
      'CONTENT_SIZE_MISMATCH',
      `content of ${expected.digest ?? found.digest} has the wrong size`,
      {
        expected: expected.size,
        found: found.size,
        hint: `expected ${expected.size} bytes, found ${found.size}; ${remedy}`,
      },
    );
  }
  if (expected.digest !== undefined && expected.digest !== found.digest) {
    throw new ContentError('CONTENT_DIGEST_MISMATCH', `content does not have the digest ${expected.digest}`, {
      expected: expected.digest,
      found: found.digest,
      hint: `found ${found.digest}; ${remedy}`,
    });
  }
}

/**
 * Streams `bytes` and checks them against `expected` when the last one has passed; too many bytes stop it early.
 * @throws what {@link checkContent} throws
 */
export async function* verifyBytes(
  bytes: AsyncIterable<Uint8Array>,
  expected: Partial<Written>,
  remedy?: string,
): AsyncGenerator<Uint8Array, Written> {
  const counter = new DigestCounter();
  for await (const chunk of bytes) {
    counter.update(chunk);
    if (expected.size !== undefined && counter.size > expected.size) break;
    yield chunk;
  }
  const found = counter.finish();
  checkContent(found, expected, remedy);
  return found;
}

export function contentNotFound(digest: Digest, where: string): ContentError {
  return new ContentError('CONTENT_NOT_FOUND', `${digest} is not in ${where}`, {
    expected: digest,
    hint: 'it may have been removed meanwhile; build again without the cache (--no-cache) or pull the image anew',
  });
}
