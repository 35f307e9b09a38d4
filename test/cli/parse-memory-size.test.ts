import { describe, expect, test } from 'vitest';
import { parseMemorySize } from '../../src/cli/parse-memory-size.ts';

const REFUSED = expect.objectContaining({ code: 'OPTION_BAD_VALUE', hint: expect.any(String) });

describe('parseMemorySize', () => {
  test.each([
    ['512', 512],
    ['64m', 64 << 20],
    ['64MB', 64 << 20],
    ['1.5k', 1536],
    ['2GiB', 2 ** 31],
  ])('%s is %i bytes', (text, bytes) => {
    expect(parseMemorySize('shm-size', text)).toBe(bytes);
  });

  test.each(['', 'm', '0', '-1', '1x', '1e5', '9999999999t'])('%j is refused', (text) => {
    expect(() => parseMemorySize('shm-size', text)).toThrow(REFUSED);
  });
});
