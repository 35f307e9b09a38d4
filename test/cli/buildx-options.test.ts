import { describe, expect, test } from 'vitest';
import { BUILD_OPTIONS } from '../../src/cli/build-option-table.ts';
import type { Support } from '../../src/cli/option-row.ts';
import { parseArguments } from '../../src/cli/parse-arguments.ts';

type Row = readonly [name: string, short: string | undefined, takesValue: boolean, support: Support['kind']];

/**
 * Every option of `docker buildx build`: the public ones of its reference page, the experimental, the hidden and the
 * deprecated ones, and those that `docker build` adds. Value or switch as there.
 */
const BUILDX: readonly Row[] = [
  ['add-host', undefined, true, 'full'],
  ['allow', undefined, true, 'full'],
  ['annotation', undefined, true, 'full'],
  ['attest', undefined, true, 'refused'],
  ['build-arg', undefined, true, 'full'],
  ['build-context', undefined, true, 'full'],
  ['builder', undefined, true, 'no-effect'],
  ['cache-from', undefined, true, 'full'],
  ['cache-to', undefined, true, 'full'],
  ['call', undefined, true, 'full'],
  ['cgroup-parent', undefined, true, 'no-effect'],
  ['check', undefined, false, 'full'],
  ['debug', 'D', false, 'full'],
  ['file', 'f', true, 'full'],
  ['iidfile', undefined, true, 'full'],
  ['label', undefined, true, 'full'],
  ['load', undefined, false, 'full'],
  ['metadata-file', undefined, true, 'full'],
  ['network', undefined, true, 'full'],
  ['no-cache', undefined, false, 'full'],
  ['no-cache-filter', undefined, true, 'full'],
  ['output', 'o', true, 'full'],
  ['platform', undefined, true, 'full'],
  ['policy', undefined, true, 'refused'],
  ['progress', undefined, true, 'full'],
  ['provenance', undefined, true, 'refused'],
  ['pull', undefined, true, 'full'],
  ['push', undefined, false, 'full'],
  ['quiet', 'q', false, 'full'],
  ['sbom', undefined, true, 'refused'],
  ['secret', undefined, true, 'full'],
  ['shm-size', undefined, true, 'full'],
  ['ssh', undefined, true, 'full'],
  ['tag', 't', true, 'full'],
  ['target', undefined, true, 'full'],
  ['ulimit', undefined, true, 'full'],
  // experimental
  ['detach', undefined, false, 'refused'],
  ['invoke', undefined, true, 'refused'],
  ['on', undefined, true, 'refused'],
  ['print', undefined, true, 'refused'],
  ['root', undefined, true, 'refused'],
  ['server-config', undefined, true, 'refused'],
  // hidden and deprecated
  ['compress', undefined, false, 'no-effect'],
  ['cpu-period', undefined, true, 'full'],
  ['cpu-quota', undefined, true, 'full'],
  ['cpu-shares', 'c', true, 'full'],
  ['cpuset-cpus', undefined, true, 'no-effect'],
  ['cpuset-mems', undefined, true, 'no-effect'],
  ['disable-content-trust', undefined, false, 'no-effect'],
  ['force-rm', undefined, false, 'no-effect'],
  ['isolation', undefined, true, 'full'],
  ['memory', 'm', true, 'full'],
  ['memory-swap', undefined, true, 'full'],
  ['rm', undefined, false, 'no-effect'],
  ['security-opt', undefined, true, 'full'],
  ['squash', undefined, false, 'full'],
];

const OURS = [
  'explain',
  'push-by-digest',
  'cache-max-size',
  'max-parallelism',
  'step-timeout',
  'on-error',
  'snapshotter',
  'network-mode',
  'pids-limit',
  'cache-max-size',
  'max-layer-size',
  'max-layer-entries',
  'ignore-syntax',
  'cache-dir',
  'cache-max-size',
  'check-reproducible',
  'help',
  'registry-insecure',
  'registry-mirror',
  'registry-ca',
  'registry-certs',
  'offline',
  'npm',
  'workspace',
  'npm-layers',
  'npm-scripts',
  'timestamps',
];

describe('options of docker buildx build', () => {
  test.each(BUILDX)('--%s (short %s, value %s) is %s', (name, short, takesValue, kind) => {
    const row = BUILD_OPTIONS.find((candidate) => candidate.name === name);
    expect(row?.short).toBe(short);
    expect(row?.value !== undefined).toBe(takesValue);
    expect(row?.support.kind).toBe(kind);
  });

  test('all others are our own', () => {
    const known = new Set([...BUILDX.map(([name]) => name), ...OURS]);
    expect(BUILD_OPTIONS.map((row) => row.name).filter((name) => !known.has(name))).toEqual([]);
  });

  test('no name and no letter stands for two options', () => {
    const words = BUILD_OPTIONS.flatMap((row) => [row.name, ...(row.short === undefined ? [] : [row.short])]);
    expect(words.filter((word, index) => words.indexOf(word) !== index)).toEqual([]);
  });

  test.each(BUILDX.filter(([, , , kind]) => kind === 'no-effect'))(
    '--%s is accepted and said once',
    (name, _, takesValue) => {
      const words = takesValue ? [`--${name}`, '1', `--${name}`, '2'] : [`--${name}`, `--${name}=false`];
      const { notices } = parseArguments(words, BUILD_OPTIONS);
      expect(notices).toEqual([expect.stringMatching(`^--${name} has no effect: .+`)]);
    },
  );

  test.each(BUILDX.filter(([, , , kind]) => kind === 'refused'))(
    '--%s is refused with a way out',
    (name, _, takesValue) => {
      const words = takesValue ? [`--${name}`, 'x'] : [`--${name}`];
      expect(() => parseArguments(words, BUILD_OPTIONS)).toThrow(
        expect.objectContaining({ code: 'OPTION_UNSUPPORTED', family: 'option', hint: expect.stringMatching(/.{20}/) }),
      );
    },
  );

  test.each([
    '--provenance=false',
    '--sbom=false',
    '--load=false',
    '--call=build',
    '--check=false',
    '--attest=type=provenance,disabled=true',
  ])('%s asks for what happens anyway', (word) => {
    expect(parseArguments([word], BUILD_OPTIONS).notices).toEqual([]);
  });
});
