import { readFileSync } from 'node:fs';

/** From package.json, which is as far from `src/cli` as from `dist/cli`; asking the library would load it. */
export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return version;
}
