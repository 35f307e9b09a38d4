import { describe, expect, test } from 'vitest';
import { parseWhiteout, whiteoutPath } from '../../src/layers/whiteout.ts';

describe('parseWhiteout', () => {
  test.each(['.wh.', '.wh..', '.wh...', 'd/.wh..', 'd/.wh...', '.wh..wh.plnk'])('%s names nothing', (path) => {
    expect(parseWhiteout(path)).toBe('ignored');
  });

  test.each(['a', '.wh', 'd/f', '..a', '.a', '...'])('finds %s again in its marker', (path) => {
    expect(parseWhiteout(whiteoutPath({ path, type: 'whiteout' }))).toEqual({ path, type: 'whiteout' });
    expect(parseWhiteout(whiteoutPath({ path, type: 'opaque' }))).toEqual({ path, type: 'opaque' });
  });
});
