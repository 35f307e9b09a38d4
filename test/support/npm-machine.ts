import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import { putIntoNpmCache, type Tarball } from './npm-packages.ts';
import { tempDir } from './temp-dir.ts';

/** npm as it is set up on a machine: only with the packages that are given. */
export function useNpmCache(tarballs: readonly Tarball[]): string {
  const cache = tempDir();
  for (const tarball of tarballs) putIntoNpmCache(cache, tarball);
  vi.stubEnv('npm_config_cache', cache);
  vi.stubEnv('npm_config_userconfig', join(cache, 'npmrc'));
  vi.stubEnv('npm_config_globalconfig', join(cache, 'global'));
  onTestFinished(() => void vi.unstubAllEnvs());
  return cache;
}
