import type { RegistryOptions } from './library.ts';
import type { Arguments } from './parse-arguments.ts';
import { badValue } from './values.ts';

/** The library's options for the rows of `REGISTRY_OPTIONS`; pure. Empty ones count as not given. */
export function registryOptionsOf(args: Arguments): RegistryOptions {
  const insecure = args.all('registry-insecure');
  const certificateDirs = args.all('registry-certs');
  const caFile = args.last('registry-ca');
  const mirrors = mirrorsOf(args.all('registry-mirror'));
  return {
    ...(insecure.length > 0 && { insecure }),
    ...(certificateDirs.length > 0 && { certificateDirs }),
    ...(caFile !== undefined && { caFile }),
    ...(Object.keys(mirrors).length > 0 && { mirrors }),
  };
}

/** The registry that the library takes names without one for; it knows which that is. */
const DEFAULT_REGISTRY = '';

function mirrorsOf(words: readonly string[]): Record<string, string[]> {
  const mirrors: Record<string, string[]> = {};
  for (const word of words) {
    const equals = word.indexOf('=');
    const registry = equals < 0 ? DEFAULT_REGISTRY : word.slice(0, equals);
    const mirror = word.slice(equals + 1).replace(/\/+$/, '');
    if (mirror === '' || mirror.includes('://') || equals === 0) {
      throw badValue('registry-mirror', word, 'it is no host', '[HOST=]HOST[:PORT][/PREFIX]');
    }
    mirrors[registry] = [...(mirrors[registry] ?? []), mirror];
  }
  return mirrors;
}
