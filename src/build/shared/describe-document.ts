import type { CacheKey } from '../../cache/cache-key.ts';
import { isDigest, toDiffId } from '../../core/digest.ts';
import type { Descriptor } from '../../core/image.ts';
import { annotationsOf, NAMES, parseStep } from './step-document.ts';
import { parseToc, tocKey } from './toc-document.ts';

/** What stands in a shared cache under a key, whatever it is. */
export interface DescribedDocument {
  /** For people. */
  readonly step: string;
  readonly uploaded?: string;
  readonly blobs: readonly Descriptor[];
  /** Without this one it is of no use. */
  readonly needed: Descriptor;
}

/** @throws ContentError for what is neither a step nor a table of contents */
export function describeDocument(bytes: Uint8Array, key: CacheKey, name: string): DescribedDocument {
  const { [NAMES.diffId]: text = '', [NAMES.step]: step = '' } = annotationsOf(bytes, name);
  if (isDigest(text) && tocKey(toDiffId(text)) === key) {
    const { toc, uploaded } = parseToc(bytes, toDiffId(text), name);
    return { step, ...(uploaded !== undefined && { uploaded }), blobs: [toc], needed: toc };
  }
  const { layer, toc, uploaded } = parseStep(bytes, key, name);
  const blobs = [layer, ...(toc === undefined ? [] : [toc])];
  return { step, ...(uploaded !== undefined && { uploaded }), blobs, needed: layer };
}
