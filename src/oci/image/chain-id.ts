import { createHash } from 'node:crypto';
import { type ChainId, type DiffId, toDigest } from '../../core/digest.ts';

/** Chain IDs of a stack, lowest first: the identity of each layer applied on those below (image-spec, config.md). */
export function chainIds(diffIds: readonly DiffId[]): ChainId[] {
  const chain: ChainId[] = [];
  for (const diffId of diffIds) chain.push(nextChainId(chain.at(-1), diffId));
  return chain;
}

function nextChainId(parent: ChainId | undefined, diffId: DiffId): ChainId {
  if (parent === undefined) return diffId as string as ChainId;
  return toDigest(createHash('sha256').update(`${parent} ${diffId}`).digest('hex')) as string as ChainId;
}
