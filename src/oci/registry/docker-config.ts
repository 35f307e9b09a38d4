import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { OptionError } from '../../core/errors.ts';
import { writeAtomic } from '../../io/atomic-file.ts';
import { errnoOf, toHostError } from '../../io/host-error.ts';
import { isObject, type JsonObject } from '../image/json.ts';
import { canonicalRegistry, credentialKey } from './docker-hub.ts';

/** A user with a password, a token that buys tokens (`identitytoken`), or the bearer token itself. */
export type Credentials =
  | { readonly username: string; readonly password: string }
  | { readonly identityToken: string }
  | { readonly registryToken: string };

/** What a docker `config.json` says about credentials. */
export interface DockerConfig {
  readonly auths: ReadonlyMap<string, Credentials>;
  /** Name of the program `docker-credential-NAME` that keeps the credentials of a registry. */
  helperOf(registry: string): string | undefined;
}

/** @throws OptionError `OPTION_BAD_DOCKER_CONFIG`; HostError. A file that does not exist says nothing. */
export async function readDockerConfig(path: string): Promise<DockerConfig> {
  const config = await readConfigObject(path);
  const helpers = byRegistry(Object.entries(objectAt(config, 'credHelpers')));
  const common = textAt(config, 'credsStore');
  return {
    auths: byRegistry(
      Object.entries(objectAt(config, 'auths')).flatMap(([registry, entry]) => {
        const credentials = parseEntry(entry);
        return credentials === undefined ? [] : [[registry, credentials] as const];
      }),
    ),
    helperOf(registry) {
      const own = helpers.get(registry);
      return typeof own === 'string' && own !== '' ? own : common;
    },
  };
}

/** Sets or, with `undefined`, removes a registry's entry of `auths`; everything else in the file stays. */
export async function changeAuth(
  path: string,
  registry: string,
  credentials: { readonly username: string; readonly password: string } | undefined,
): Promise<void> {
  const config = await readConfigObject(path);
  const kept = Object.entries(objectAt(config, 'auths')).filter(([key]) => registryOfKey(key) !== registry);
  const auths = Object.fromEntries(kept);
  if (credentials !== undefined) {
    const auth = Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64');
    auths[credentialKey(registry)] = { auth };
  }
  if (credentials === undefined && !existsSync(path)) return;
  // Nobody but the user may read the file, not for a moment either.
  await writeAtomic(path, Buffer.from(`${JSON.stringify({ ...config, auths }, undefined, '\t')}\n`), 0o600);
}

async function readConfigObject(path: string): Promise<JsonObject> {
  try {
    return parseConfigObject(await readFile(path, 'utf8'), path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return {};
    throw toHostError(error, 'read the registry credentials in', path);
  }
}

function parseConfigObject(text: string, path: string): JsonObject {
  try {
    const value: unknown = text.trim() === '' ? {} : JSON.parse(text);
    return isObject(value) ? value : {};
  } catch {
    // The cause is left out: its message would show a piece of the file.
    throw new OptionError('OPTION_BAD_DOCKER_CONFIG', `${path} is not valid JSON`, {
      hint: 'repair the file, or name another folder with the environment variable DOCKER_CONFIG',
    });
  }
}

function objectAt(config: JsonObject, key: string): JsonObject {
  const value = config[key];
  return isObject(value) ? value : {};
}

function textAt(config: JsonObject, key: string): string | undefined {
  const value = config[key];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** An entry of `auths`: a token, `auth` in base64, or `username` and `password`. Docker pads the password with NUL bytes. */
function parseEntry(entry: unknown): Credentials | undefined {
  if (!isObject(entry)) return undefined;
  const { auth, username, password } = entry;
  const registryToken = textAt(entry, 'registrytoken');
  if (registryToken !== undefined) return { registryToken };
  const identityToken = textAt(entry, 'identitytoken');
  if (identityToken !== undefined) return { identityToken };
  if (typeof auth === 'string' && auth !== '') {
    const text = Buffer.from(auth, 'base64').toString('utf8');
    const colon = text.indexOf(':');
    return colon < 1 ? undefined : { username: text.slice(0, colon), password: trimNuls(text.slice(colon + 1)) };
  }
  return typeof username === 'string' && username !== '' && typeof password === 'string'
    ? { username, password }
    : undefined;
}

function trimNuls(text: string): string {
  return text.replace(/\0+$/, '');
}

export function byRegistry<T>(entries: readonly (readonly [string, T])[]): ReadonlyMap<string, T> {
  return new Map(entries.map(([key, value]) => [registryOfKey(key), value]));
}

/** Keys are a registry, or an address of its API such as `https://host:port/v1/`. */
function registryOfKey(key: string): string {
  return canonicalRegistry(key.replace(/^https?:\/\//, '').replace(/\/(v[12]\/?)?$/, ''));
}
