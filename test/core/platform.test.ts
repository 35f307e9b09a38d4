import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { OptionError } from '../../src/core/errors.ts';
import {
  choosePlatform,
  formatPlatform,
  normalizePlatform,
  type Platform,
  parsePlatform,
  samePlatform,
} from '../../src/core/platform.ts';
import { corpusDir } from '../support/corpus.ts';

/** Like a descriptor of an index: not normalised. */
function raw(text: string): Platform {
  const [os = '', architecture = '', variant] = text.split('/');
  return { os, architecture, ...(variant !== undefined && { variant }) };
}

describe('parsePlatform (reference, section 18)', () => {
  test.each([
    ['linux', 'linux/amd64'],
    ['arm64', 'linux/arm64'],
    ['aarch64', 'linux/arm64'],
    ['armhf', 'linux/arm/v7'],
    ['macos', 'darwin/amd64'],
    ['WINDOWS', 'windows/amd64'],
    ['windows(10.0.17763)/amd64', 'windows(10.0.17763)/amd64'],
    ['windows(10.0.17763)', 'windows(10.0.17763)/amd64'],
    ['linux/arm64/9', 'linux/arm64/v9'],
    ['linux/arm/v5', 'linux/arm/v5'],
    ['linux/ppc64le', 'linux/ppc64le'],
  ])('reads %j as %s', (text, expected) => {
    expect(formatPlatform(parsePlatform(text))).toBe(expected);
  });

  test.each([
    '',
    '/',
    'linux/',
    '/amd64',
    'linux/amd64/',
    'a/b/c/d',
    '*',
    'linux/*',
    'nosuch',
    'linux amd64',
    'unknown',
  ])('refuses %j', (text) => {
    expect(() => parsePlatform(text)).toThrow(expect.objectContaining({ code: 'OPTION_BAD_PLATFORM' }));
  });

  it('fills in what a single word leaves out from the given defaults', () => {
    const defaults = { os: 'freebsd', architecture: 'riscv64' };
    expect(formatPlatform(parsePlatform('linux', defaults))).toBe('linux/riscv64');
    expect(formatPlatform(parsePlatform('arm', defaults))).toBe('freebsd/arm/v7');
  });

  it('throws only OptionError, whatever the text, and what it reads is a fixed point', () => {
    const word = fc.constantFrom('linux', 'arm', 'arm64', 'amd64', 'x86_64', 'v8', '7', 'windows(1)', '', '*', 'armel');
    const text = fc.oneof(
      fc.array(word, { maxLength: 4 }).map((words) => words.join('/')),
      fc.string(),
    );
    fc.assert(
      fc.property(text, (input) => {
        try {
          const platform = parsePlatform(input);
          expect(parsePlatform(formatPlatform(platform))).toEqual(platform);
          expect(normalizePlatform(platform)).toEqual(platform);
        } catch (error) {
          expect(error).toBeInstanceOf(OptionError);
        }
      }),
    );
  });
});

describe('choosePlatform (reference, section 18)', () => {
  test.each([
    ['linux/arm64', ['linux/amd64', 'linux/arm64/v8'], 1],
    ['linux/arm64/v9', ['linux/arm64', 'linux/amd64'], 0],
    ['linux/amd64/v3', ['linux/amd64', 'linux/amd64/v2', 'linux/amd64/v4'], 1],
    ['linux/amd64/v3', ['linux/amd64/v4', 'linux/amd64/v1'], 1],
    ['linux/amd64', ['linux/amd64/v2', 'linux/386'], 1],
    ['linux/amd64/v2', ['linux/386', 'linux/amd64'], 1],
    ['linux/386', ['linux/amd64'], undefined],
    ['linux/arm64', ['linux/arm/v5', 'linux/arm/v7', 'linux/amd64'], 1],
    ['linux/arm64', ['linux/arm/v8', 'linux/arm64/v8'], 1],
    ['linux/arm64', ['linux/arm64/v9', 'linux/arm64/v8.1'], undefined],
    ['linux/arm64/v8.2', ['linux/arm64', 'linux/arm64/v8.1', 'linux/arm64/v8.3'], 1],
    ['linux/arm64/v9.1', ['linux/arm64/v8.6', 'linux/arm64/v9', 'linux/arm64/v9.2'], 1],
    ['linux/arm64/v9', ['linux/arm64/v8.6', 'linux/arm64/v8.5'], 1],
    ['linux/arm64/odd', ['linux/arm64'], 0],
    ['linux/arm/v7', ['linux/arm/v5', 'linux/arm/v6'], 1],
    ['linux/arm', ['linux/arm/v6', 'linux/arm/v7'], 1],
    ['linux/arm/v6', ['linux/arm/v7'], undefined],
    ['linux/amd64', ['windows/amd64', 'unknown/unknown'], undefined],
    ['linux/amd64', ['linux/x86_64', 'linux/amd64'], 0],
    ['linux/amd64/v99999999999', ['linux/amd64'], undefined],
  ])('for %s among %j takes %s', (wanted, candidates, expected) => {
    expect(choosePlatform(candidates.map(raw), raw(wanted))).toBe(expected);
  });

  it('passes over candidates without a platform', () => {
    expect(choosePlatform([undefined, raw('linux/amd64')], raw('linux/amd64'))).toBe(1);
  });

  it('tells versions of an operating system apart when one is asked for', () => {
    const candidates = [
      { os: 'windows', architecture: 'amd64', osVersion: '10.0.1' },
      { os: 'windows', architecture: 'amd64', osVersion: '10.0.2' },
    ];
    expect(choosePlatform(candidates, parsePlatform('windows(10.0.2)/amd64'))).toBe(1);
  });
});

it('samePlatform compares after normalising', () => {
  expect(samePlatform(raw('linux/aarch64'), raw('linux/arm64/v8'))).toBe(true);
  expect(samePlatform(raw('linux/arm/v6'), raw('linux/arm'))).toBe(false);
});

const corpus = corpusDir();
describe.skipIf(corpus === undefined)('the platform table of the corpus', () => {
  const file = join(corpus ?? '', 'tables/platform.json');
  const { cases } = (corpus ? JSON.parse(readFileSync(file, 'utf8')) : { cases: [] }) as {
    cases: { input: string; normalized: string | null }[];
  };
  test.each(cases)('$input gives $normalized', ({ input, normalized }) => {
    if (normalized === null) expect(() => parsePlatform(input)).toThrow(OptionError);
    else expect(formatPlatform(parsePlatform(input))).toBe(normalized);
  });
});
