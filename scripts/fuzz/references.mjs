import assert from 'node:assert/strict';
import { formatPlatform, parsePlatform } from '../../src/core/platform.ts';
import { formatReference, parseReference } from '../../src/core/reference.ts';
import { mutated, randomText } from './random.mjs';

const PIECES = [
  'a',
  'b1',
  'A',
  '/',
  ':',
  '@',
  '.',
  '-',
  '_',
  '__',
  'localhost',
  '[::1]',
  ':5000',
  'sha256:',
  'ab'.repeat(32),
];
const PLATFORM_PIECES = ['linux', 'amd64', 'arm', 'arm64', 'v7', 'v8', 'windows', '(10.0)', '/', 'X86_64', '*', ' '];

const SOUND = [
  'alpine',
  'team/app:1.2',
  `localhost:5000/a__b/c-d@sha256:${'ab'.repeat(32)}`,
  '[::1]:80/x',
  'R.example/a',
];

export function fuzzReference(random, show) {
  const platform = randomText(random, PLATFORM_PIECES, 6);
  const text =
    random.below(2) === 0
      ? randomText(random, PIECES, 14)
      : mutated(random, random.pick(SOUND), () => random.pick(PIECES));
  show(platform);
  show(text);
  if (random.below(2) === 0) {
    const parsed = parsePlatform(platform);
    assert.deepEqual(parsePlatform(formatPlatform(parsed)), parsed);
  } else {
    assert.equal(formatReference(parseReference(text)), text);
  }
}
