import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { MOUNT_KEYS, MOUNT_TYPES } from '../../src/parser/mount-options.ts';
import { GOLDEN_CASES } from './builds/index.ts';
import { coverage, coverageTable } from './coverage.ts';
import { FEATURES, featuresOf } from './features.ts';

describe('the table of what proves each feature', () => {
  test.each(coverage())('has two golden builds and a refusal of $feature', ({ builds, refusals }) => {
    expect(builds.length).toBeGreaterThanOrEqual(2);
    expect(refusals.length).toBeGreaterThanOrEqual(1);
  });

  test('is what docs/coverage.md says', () => {
    expect(readFileSync(new URL('../../docs/coverage.md', import.meta.url), 'utf8'), 'node scripts/coverage.mjs').toBe(
      coverageTable(),
    );
  });

  test('knows every option of mounts', () => {
    const taken = new Set(['type', ...Object.values(MOUNT_TYPES).flatMap(({ takes }) => takes)]);
    expect([...taken].sort()).toEqual([...new Set(Object.values(MOUNT_KEYS))].sort());
  });
});

describe('golden cases', () => {
  test.each(GOLDEN_CASES)('use what they cover and cite the reference: $covers $about', (each) => {
    expect(each.about).toMatch(/^\d+(, \d+)*: /);
    for (const feature of each.covers) expect([...FEATURES, 'RUN']).toContain(feature);
    const features = featuresOf(each.dockerfile.join('\n'));
    if (!('refused' in each)) for (const feature of each.covers) expect([...features, 'RUN']).toContain(feature);
  });

  test('are different', () => {
    const texts = GOLDEN_CASES.map(({ dockerfile }) => dockerfile.join('\n'));
    expect(new Set(texts).size).toBe(texts.length);
  });
});
