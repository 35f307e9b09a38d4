import { describe, expect, it } from 'vitest';
import { toDiffId } from '../../../src/core/digest.ts';
import { chainIds } from '../../../src/oci/image/chain-id.ts';
import { sha256 } from '../../support/registry/content.ts';

describe('chainIds', () => {
  it('starts with the diff ID and then hashes "parent diffID"', () => {
    const a = toDiffId(`sha256:${'a'.repeat(64)}`);
    const b = toDiffId(`sha256:${'b'.repeat(64)}`);
    const second = sha256(Buffer.from(`${a} ${b}`));
    expect(chainIds([a, b, a])).toEqual([a, second, sha256(Buffer.from(`${second} ${a}`))]);
  });

  it('is empty for no layers', () => {
    expect(chainIds([])).toEqual([]);
  });
});
