import { describe, expect, it, test } from 'vitest';
import { hexOf, isDigest, parseDigest, toDiffId, toDigest } from '../../src/core/digest.ts';
import { ContentError } from '../../src/core/errors.ts';

const HEX = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824';

describe('parseDigest', () => {
  it('takes sha256 digests and gives their hex digits back', () => {
    const digest = parseDigest(`sha256:${HEX}`);
    expect(digest).toBe(`sha256:${HEX}`);
    expect(hexOf(digest)).toBe(HEX);
    expect(toDigest(HEX)).toBe(digest);
    expect(toDiffId(digest)).toBe(digest);
  });

  test.each([
    '',
    'sha256:',
    HEX,
    `sha256:${HEX.slice(1)}`,
    `sha256:${HEX}0`,
    `sha256:${HEX.toUpperCase()}`,
    `sha512:${HEX}${HEX}`,
    ` sha256:${HEX}`,
    `sha256:${HEX}\n`,
  ])('refuses %j', (text) => {
    expect(isDigest(text)).toBe(false);
    expect(() => parseDigest(text)).toThrow(ContentError);
    expect(() => toDiffId(text)).toThrow(
      expect.objectContaining({ code: 'CONTENT_BAD_DIGEST', message: `invalid digest ${JSON.stringify(text)}` }),
    );
  });
});
