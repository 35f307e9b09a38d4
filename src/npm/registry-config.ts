import type { SettingLayers } from './settings.ts';
import { settingOf } from './settings.ts';

/** A request for a tarball. `authorization` belongs to its host alone and is never printed or kept. */
export interface TarballRequest {
  readonly url: URL;
  readonly authorization?: string;
}

export interface RegistryConfig {
  requestFor(candidate: {
    readonly name: string;
    readonly version: string;
    readonly resolved?: string;
  }): TarballRequest;
  /** The credentials for an address, by the longest path that some are configured for. */
  authorizationFor(url: URL): string | undefined;
}

/**
 * Where tarballs are fetched and with whose credentials. `project` says which registries there are, `host` has
 * credentials and, where the project says nothing, also registries. `standard` is the registry that stands for the
 * configured one in lockfiles.
 */
export function createRegistryConfig(project: SettingLayers, host: SettingLayers, standard: string): RegistryConfig {
  const layers = [...project, ...host];
  const registryOf = (name: string): string => {
    const scope = name.startsWith('@') ? name.slice(0, name.indexOf('/')) : undefined;
    const scoped = scope === undefined ? undefined : settingOf(layers, `${scope}:registry`);
    return withSlash(String(scoped ?? settingOf(layers, 'registry') ?? standard));
  };
  const authorizationFor = (url: URL): string | undefined => findAuthorization(layers, url);
  return {
    authorizationFor,
    requestFor({ name, version, resolved }) {
      const registry = registryOf(name);
      const url =
        resolved === undefined ? tarballUrl(registry, name, version) : onRegistry(resolved, registry, standard);
      const authorization = authorizationFor(url);
      return { url, ...(authorization !== undefined && { authorization }) };
    },
  };
}

function withSlash(address: string): string {
  return address.endsWith('/') ? address : `${address}/`;
}

function tarballUrl(registry: string, name: string, version: string): URL {
  const base = name.slice(name.indexOf('/') + 1);
  return new URL(`${name}/-/${base}-${version}.tgz`, registry);
}

/** An address of the standard registry means the configured one, as `replace-registry-host` has it by default. */
function onRegistry(resolved: string, registry: string, standard: string): URL {
  const url = new URL(resolved);
  if (url.host !== new URL(standard).host) return url;
  return new URL(`${url.pathname.slice(1)}${url.search}`, registry);
}

/** Keys are `//host/path/:_authToken` and the like, for all that begins so. */
function findAuthorization(layers: SettingLayers, url: URL): string | undefined {
  const parts = url.pathname.split('/').slice(0, -1);
  for (let count = parts.length; count > 0; count--) {
    const prefix = `//${url.host}${parts.slice(0, count).join('/')}`;
    const found = authorizationAt(layers, `${prefix}/`) ?? authorizationAt(layers, prefix);
    if (found !== undefined) return found;
  }
  return undefined;
}

function authorizationAt(layers: SettingLayers, prefix: string): string | undefined {
  const value = (key: string): string | undefined => settingOf(layers, `${prefix}:${key}`)?.toString();
  const token = value('_authToken');
  if (token !== undefined) return `Bearer ${token}`;
  const basic = value('_auth');
  if (basic !== undefined) return `Basic ${basic}`;
  const [username, password] = [value('username'), value('_password')];
  if (username === undefined || password === undefined) return undefined;
  const secret = Buffer.from(password, 'base64').toString();
  return `Basic ${Buffer.from(`${username}:${secret}`).toString('base64')}`;
}
