import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { ClosingLineReporter } from './test/support/closing-line-reporter.ts';

/** Tests of the command line on a registry and a base image. */
const END_TO_END = ['test/e2e/**/*.test.ts'];
/** Slow ones, and ones that need other container tools. */
const MORE = ['interop', 'differential', 'faults', 'escapes'].map((folder) => `test/${folder}/**/*.test.ts`);

const globalSetup = 'test/support/global-setup.ts';

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: Math.max(2, availableParallelism()),
    testTimeout: 60_000,
    hookTimeout: 300_000,
    reporters: ['default', new ClosingLineReporter()],
    projects: [
      { extends: true, test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: [...END_TO_END, ...MORE] } },
      { extends: true, test: { name: 'e2e', include: END_TO_END, globalSetup, provide: { hostLevel: 'e2e' } } },
      { extends: true, test: { name: 'more', include: MORE, globalSetup, provide: { hostLevel: 'all' } } },
    ],
  },
});
