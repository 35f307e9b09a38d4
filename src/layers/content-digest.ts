import { createHash, type Hash } from 'node:crypto';
import { type Digest, toDigest } from '../core/digest.ts';
import { digestOf } from '../io/hash.ts';
import { isInline } from './inline-data.ts';

/** What a table of contents says of a content. */
export interface ContentFacts {
  readonly digest: Digest;
  /** Base64. */
  readonly data?: string;
}

const EMPTY: ContentFacts = { digest: digestOf(new Uint8Array(0)), data: '' };

/** Facts of a content that is there as a whole. */
export function contentFacts(path: string, content: Buffer): ContentFacts {
  if (content.length === 0) return EMPTY;
  const digest = digestOf(content);
  return isInline(path, content.length) ? { digest, data: content.toString('base64') } : { digest };
}

/** Facts of a content that comes in parts; a content in one part costs one hash call and no object. */
export class ContentDigest {
  readonly #path: string;
  readonly #size: number;
  #hash: Hash | undefined;
  #facts: ContentFacts | undefined;
  readonly #kept: Buffer[] = [];

  constructor(path: string, size: number) {
    this.#path = path;
    this.#size = size;
  }

  update(part: Buffer): void {
    if (part.length === this.#size) {
      this.#facts = contentFacts(this.#path, part);
      return;
    }
    this.#hash ??= createHash('sha256');
    this.#hash.update(part);
    if (isInline(this.#path, this.#size)) this.#kept.push(Buffer.from(part));
  }

  finish(): ContentFacts {
    if (this.#hash === undefined) return this.#facts ?? EMPTY;
    const digest = toDigest(this.#hash.digest('hex'));
    if (!isInline(this.#path, this.#size)) return { digest };
    return { digest, data: Buffer.concat(this.#kept).toString('base64') };
  }
}
