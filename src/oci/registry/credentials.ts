import { join } from 'node:path';
import { environment, homeDir } from '../../io/host.ts';
import { askHelper } from './credential-helper.ts';
import { byRegistry, type Credentials, type DockerConfig, readDockerConfig } from './docker-config.ts';
import { canonicalRegistry } from './docker-hub.ts';

export interface CredentialOptions {
  /** By registry; wins over the file. */
  readonly credentials?: Readonly<Record<string, Credentials>> | undefined;
  /** Path of a docker `config.json`; then no other file is read. Default: see {@link configFiles}. */
  readonly configFile?: string | undefined;
}

/** Finds the credentials of a registry; `undefined` means: go on anonymously. */
export type FindCredentials = (registry: string) => Promise<Credentials | undefined>;

/** Files are read once, at the first question; that one does not exist is no error. */
export function createCredentialFinder(options: CredentialOptions): FindCredentials {
  const given = byRegistry(Object.entries(options.credentials ?? {}));
  let configs: Promise<readonly DockerConfig[]> | undefined;
  const find = async (registry: string): Promise<Credentials | undefined> => {
    configs ??= Promise.all(configFiles(options.configFile).map(readDockerConfig));
    for (const config of await configs) {
      const found = (await fromHelper(config, registry)) ?? config.auths.get(registry);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const known = new Map<string, Promise<Credentials | undefined>>();
  return async (text) => {
    const registry = canonicalRegistry(text);
    const own = given.get(registry);
    if (own !== undefined) return own;
    const pending = known.get(registry) ?? find(registry);
    known.set(registry, pending);
    return await pending;
  };
}

/**
 * Where credentials are looked for: `configFile`, else `$REGISTRY_AUTH_FILE`, else docker's own file
 * (`$DOCKER_CONFIG/config.json`, `~/.docker/config.json`) and then those of podman and skopeo.
 */
export function configFiles(configFile: string | undefined): readonly [string, ...string[]] {
  const only = configFile ?? environment('REGISTRY_AUTH_FILE');
  if (only !== undefined && only !== '') return [only];
  const docker = join(environment('DOCKER_CONFIG') ?? join(homeDir(), '.docker'), 'config.json');
  const runtime = environment('XDG_RUNTIME_DIR');
  const settings = environment('XDG_CONFIG_HOME') ?? join(homeDir(), '.config');
  return [docker, ...[runtime, settings].flatMap((dir) => (dir ? [join(dir, 'containers', 'auth.json')] : []))];
}

async function fromHelper(config: DockerConfig, registry: string): Promise<Credentials | undefined> {
  const helper = config.helperOf(registry);
  return helper === undefined ? undefined : await askHelper(helper, registry);
}
