import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Real programs of the host: `vitest run --config test/interop/vitest.config.ts`. */
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['test/interop/**/*.test.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
});
