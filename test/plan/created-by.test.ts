import { describe, expect, it, test } from 'vitest';
import { formatDuration, formatHealthcheck, formatQuotedList } from '../../src/plan/created-by.ts';

describe('history texts (reference, section 14)', () => {
  test.each([
    [0, '0s'],
    [1, '1ns'],
    [1500, '1.5µs'],
    [1_000_000, '1ms'],
    [1_234_567, '1.234567ms'],
    [5e9, '5s'],
    [1.5e9, '1.5s'],
    [60e9, '1m0s'],
    [60e9 + 1, '1m0.000000001s'],
    [3600e9, '1h0m0s'],
    [3_723_500_000_000, '1h2m3.5s'],
    [100 * 3600e9, '100h0m0s'],
  ])('%d ns is the duration %s', (nanoseconds, text) => {
    expect(formatDuration(nanoseconds)).toBe(text);
  });

  test.each([
    [[], '[]'],
    [['a', 'b c'], '["a" "b c"]'],
    [['say "x"', 'back\\slash'], String.raw`["say \"x\"" "back\\slash"]`],
    [['a\n\t\u0001\u007f'], String.raw`["a\n\t\x01\x7f"]`],
    [['é한😀'], '["é한😀"]'],
    [['\u00a0\u{e0001}'], String.raw`["\u00a0\U000e0001"]`],
  ])('%j is quoted as Go does: %s', (items, text) => {
    expect(formatQuotedList(items)).toBe(text);
  });

  it('shows every field of a health check', () => {
    expect(formatHealthcheck({ Test: ['CMD-SHELL', 'x y'], Interval: 5e9, Retries: 3 })).toBe(
      '{Test:[CMD-SHELL x y] Interval:5s Timeout:0s StartPeriod:0s StartInterval:0s Retries:3}',
    );
  });
});
