import { describe, expect, it, onTestFinished, test } from 'vitest';
import { resolveSettings } from '../../src/build/defaults.ts';
import type { BuildOptions } from '../../src/build/options.ts';
import { registry } from '../../src/index.ts';

function withEpoch(value: string): void {
  const before = process.env.SOURCE_DATE_EPOCH;
  process.env.SOURCE_DATE_EPOCH = value;
  onTestFinished(() => {
    if (before === undefined) delete process.env.SOURCE_DATE_EPOCH;
    else process.env.SOURCE_DATE_EPOCH = before;
  });
}

describe('resolveSettings', () => {
  test.each<[string, BuildOptions, string]>([
    ['two Dockerfiles', { dockerfile: 'Dockerfile', dockerfileText: 'FROM scratch' }, 'OPTION_CONTRADICTION'],
    ['a push without a name', { outputs: [registry()] }, 'OPTION_NO_TAG'],
    ['no step at a time', { maxParallelism: 0 }, 'OPTION_BAD_VALUE'],
    ['a number of steps that is none', { maxParallelism: Number.NaN }, 'OPTION_BAD_VALUE'],
    ['a level that gzip does not have', { compressionLevel: 10 }, 'OPTION_BAD_VALUE'],
    ['a level of what is not compressed', { compression: 'none', compressionLevel: 1 }, 'OPTION_BAD_VALUE'],
    ['a secret without a value', { secrets: [{ id: 'a' }] }, 'OPTION_BAD_SECRET'],
    ['a secret with two values', { secrets: [{ id: 'a', env: 'A', value: 'x' }] }, 'OPTION_BAD_SECRET'],
    ['an instant that is no number', { buildArgs: { SOURCE_DATE_EPOCH: '-x' } }, 'OPTION_BAD_EPOCH'],
    [
      'a shared cache of a registry without a network',
      { offline: true, cacheFrom: [{ type: 'registry', ref: 'r.example/cache' }] },
      'OPTION_CONTRADICTION',
    ],
    ['an instant before 1970', { sourceDateEpoch: -1 }, 'OPTION_BAD_EPOCH'],
    ['a part of a second', { sourceDateEpoch: 1.5 }, 'OPTION_BAD_EPOCH'],
    ['a year of five digits', { sourceDateEpoch: 253_402_300_800 }, 'OPTION_BAD_EPOCH'],
  ])('refuses %s, and says what to do', (_, options, code) => {
    expect(() => resolveSettings(options)).toThrow(
      expect.objectContaining({ family: 'option', code, hint: expect.any(String) }),
    );
  });

  it('takes the instant from the option, then the build argument, then the environment', () => {
    withEpoch('3');
    const buildArgs = { SOURCE_DATE_EPOCH: '2' };
    expect(resolveSettings({ sourceDateEpoch: 1, buildArgs }).sourceDateEpoch).toBe(1);
    expect(resolveSettings({ buildArgs }).sourceDateEpoch).toBe(2);
    expect(resolveSettings({}).sourceDateEpoch).toBe(3);
    expect(resolveSettings({ buildArgs: { SOURCE_DATE_EPOCH: '' } }).sourceDateEpoch).toBeUndefined();
    expect(resolveSettings({ sourceDateEpoch: 0 }).sourceDateEpoch).toBe(0);
  });
});
