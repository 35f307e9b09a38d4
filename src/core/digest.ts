import type { Brand } from './brand.ts';
import { ContentError } from './errors.ts';

/** Digest of bytes as they are stored or sent: `sha256:` and 64 lower-case hex digits (image-spec, descriptor.md). */
export type Digest = Brand<`sha256:${string}`, 'Digest'>;

/** Digest of an uncompressed layer tar (image-spec, config.md, "Layer DiffID"). */
export type DiffId = Brand<`sha256:${string}`, 'DiffId'>;

/** Identity of a stack of layers (image-spec, config.md, "Layer ChainID"). */
export type ChainId = Brand<`sha256:${string}`, 'ChainId'>;

/** Digests of contents by the path of their file on this machine. */
export type DigestsByPath = Pick<ReadonlyMap<string, Digest>, 'get' | 'has'>;

const DIGEST = /^sha256:[0-9a-f]{64}$/;

export function isDigest(text: string): text is Digest {
  return DIGEST.test(text);
}

/** @throws ContentError `CONTENT_BAD_DIGEST` when `text` is not a sha256 digest. */
export function parseDigest(text: string): Digest {
  if (!isDigest(text)) {
    throw new ContentError('CONTENT_BAD_DIGEST', `invalid digest ${JSON.stringify(text)}`, {
      hint: 'lamella reads sha256 digests: "sha256:" and 64 lower-case hexadecimal digits',
    });
  }
  return text;
}

export function toDigest(hex: string): Digest {
  return `sha256:${hex}` as Digest;
}

export function toDiffId(digest: string): DiffId {
  return parseDigest(digest) as string as DiffId;
}

/** The 64 hex digits of a digest of any kind. */
export function hexOf(digest: Digest | DiffId | ChainId): string {
  return digest.slice('sha256:'.length);
}
