import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { programFiles, runtimeVersions } from '../../io/host.ts';
import { cacheFolders } from '../cache-folders.ts';
import type { Settings } from '../defaults.ts';
import type { BuildOptions, Output } from '../options.ts';

/**
 * Where the record of a build lies: under the digest of all that was asked for, and of the program itself. `undefined` for
 * a build that is done in any case.
 */
export function recordPath(options: BuildOptions, settings: Settings): string | undefined {
  // A stream is read to know what it holds.
  if (typeof options.context === 'object') return undefined;
  if (settings.noCache || settings.noCacheFilter.length > 0 || settings.timestamps !== 'fixed') return undefined;
  // A push is a conversation with the registry, an engine keeps its images itself, and others may write into a folder too.
  if (options.outputs?.some(({ type }) => !isOwnFile(type))) return undefined;
  if (settings.isIndex) return undefined;
  // And so is a shared cache.
  if ((options.cacheTo ?? []).length > 0) return undefined;
  // How a build is watched, its secrets and the way to registries change no result.
  const { onEvent: _listener, signal: _signal, now: _now, secrets: _secrets, registry: _registry, ...rest } = options;
  const { onError: _onError, ...asked } = rest;
  const name = JSON.stringify([asked, settings, resolve('.'), runtimeVersions(), programIdentity()]);
  return join(cacheFolders(settings.cacheDir).unchanged, createHash('sha256').update(name).digest('hex'));
}

function isOwnFile(type: Output['type']): boolean {
  return type === 'oci' || type === 'oci-layout' || type === 'docker';
}

/** Changes with every release and installation: a package manager may link a file from an older one. */
function programIdentity(): string {
  return programFiles()
    .map((file) => statSync(file))
    .map(({ mtimeMs, ino, size }) => `${mtimeMs} ${ino} ${size}`)
    .join();
}
