import { OptionError } from '../core/errors.ts';
import { createRegistryClient } from '../oci/registry/client.ts';
import { eraseWithHelper, storeWithHelper } from '../oci/registry/credential-helper.ts';
import { configFiles } from '../oci/registry/credentials.ts';
import { changeAuth, readDockerConfig } from '../oci/registry/docker-config.ts';
import { canonicalRegistry } from '../oci/registry/docker-hub.ts';
import type { RegistryOptions } from './options.ts';

export interface LoginOptions {
  readonly registry?: Omit<RegistryOptions, 'credentials'>;
  readonly signal?: AbortSignal;
}

/** Where credentials are kept now: the path of a file, or the name of a helper program. */
export interface KeptIn {
  readonly registry: string;
  readonly file?: string;
  readonly helper?: string;
}

/**
 * Shows user and password to a registry and, when it takes them, keeps them where docker, podman and lamella look for
 * them: with the credential helper that the configuration names for the registry, else in the file itself, which only
 * its owner may read. `registry` is `host[:port]`; an empty text means Docker Hub.
 * @throws RegistryError `REGISTRY_UNAUTHORIZED` and others; HostError; OptionError `OPTION_BAD_REGISTRY`
 */
export async function login(
  registry: string,
  credentials: { readonly username: string; readonly password: string },
  options: LoginOptions = {},
): Promise<KeptIn> {
  const name = checkedRegistry(registry);
  const { signal } = options;
  const client = createRegistryClient({ ...options.registry, credentials: { [name]: credentials }, signal });
  try {
    await client.ping(name);
  } finally {
    await client.close();
  }
  return await keep(name, credentials, options);
}

/** Forgets the credentials of a registry; that there are none is no error. */
export async function logout(registry: string, options: LoginOptions = {}): Promise<KeptIn> {
  return await keep(checkedRegistry(registry), undefined, options);
}

async function keep(
  registry: string,
  credentials: { readonly username: string; readonly password: string } | undefined,
  options: LoginOptions,
): Promise<KeptIn> {
  const [file] = configFiles(options.registry?.configFile);
  const helper = (await readDockerConfig(file)).helperOf(registry);
  if (helper === undefined) {
    await changeAuth(file, registry, credentials);
    return { registry, file };
  }
  if (credentials === undefined) await eraseWithHelper(helper, registry);
  else await storeWithHelper(helper, registry, credentials);
  await changeAuth(file, registry, undefined);
  return { registry, helper };
}

function checkedRegistry(text: string): string {
  const name = canonicalRegistry(text.replace(/^https?:\/\//, '').replace(/\/$/, ''));
  if (URL.canParse(`https://${name}/`) && !/[/@?#]/.test(name)) return name;
  throw new OptionError('OPTION_BAD_REGISTRY', `${JSON.stringify(text)} is no registry`, {
    hint: 'write it as host or host:port, as in registry.example.com:5000',
  });
}
