import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { ClosingLineReporter } from './test/support/closing-line-reporter.ts';
import { LongestFirst } from './test/support/longest-first.ts';

/** Tests that need something of the machine: a registry with a base image, a runtime, a user with subordinate ids. */
const ON_HOST = [
  'test/e2e/**/*.test.ts',
  'test/contract/{sandbox,snapshotters,terminal}.test.ts',
  'test/{hostd,sandbox}/**/*.test.ts',
];
/** Slow ones, and ones that need other container tools. */
const MORE = ['interop', 'differential', 'faults', 'escapes'].map((folder) => `test/${folder}/**/*.test.ts`);

const globalSetup = 'test/support/global-setup.ts';

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: Math.max(2, availableParallelism()),
    testTimeout: 60_000,
    hookTimeout: 300_000,
    sequence: { sequencer: LongestFirst },
    reporters: ['default', new ClosingLineReporter()],
    projects: [
      { extends: true, test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: [...ON_HOST, ...MORE] } },
      { extends: true, test: { name: 'e2e', include: ON_HOST, globalSetup, provide: { hostLevel: 'e2e' } } },
      {
        extends: true,
        test: { name: 'more', include: MORE, globalSetup, testTimeout: 180_000, provide: { hostLevel: 'all' } },
      },
    ],
  },
});
