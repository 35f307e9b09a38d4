import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OptionError } from '../../core/errors.ts';
import { environment, homeDir } from '../../io/host.ts';
import { errnoOf, toHostError } from '../../io/host-error.ts';
import { isObject } from '../image/json.ts';
import { canonicalRegistry } from './docker-hub.ts';

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

export interface CredentialOptions {
  /** By registry; wins over the file. */
  readonly credentials?: Readonly<Record<string, Credentials>> | undefined;
  /** Path of a docker `config.json`. Default: `$DOCKER_CONFIG/config.json`, else `~/.docker/config.json`. */
  readonly configFile?: string | undefined;
}

/** Finds the credentials of a registry; `undefined` means: go on anonymously. */
export type FindCredentials = (registry: string) => Promise<Credentials | undefined>;

/** The file is read once, at the first question; that it does not exist is no error. */
export function createCredentialFinder(options: CredentialOptions): FindCredentials {
  const given = byRegistry(Object.entries(options.credentials ?? {}));
  let fromFile: Promise<ReadonlyMap<string, Credentials>> | undefined;
  return async (registry) => {
    const own = given.get(registry);
    if (own !== undefined) return own;
    fromFile ??= readConfigFile(options.configFile ?? defaultConfigFile());
    return (await fromFile).get(registry);
  };
}

function defaultConfigFile(): string {
  return join(environment('DOCKER_CONFIG') ?? join(homeDir(), '.docker'), 'config.json');
}

async function readConfigFile(path: string): Promise<ReadonlyMap<string, Credentials>> {
  try {
    const auths = parseAuths(await readFile(path, 'utf8'), path);
    return byRegistry(
      Object.entries(auths).flatMap(([registry, entry]) => {
        const credentials = parseEntry(entry);
        return credentials === undefined ? [] : [[registry, credentials]];
      }),
    );
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return new Map();
    throw toHostError(error, 'read the registry credentials in', path);
  }
}

function parseAuths(text: string, path: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) && isObject(value.auths) ? value.auths : {};
  } catch {
    // The cause is left out: its message would show a piece of the file.
    throw new OptionError('OPTION_BAD_DOCKER_CONFIG', `${path} is not valid JSON`, {
      hint: 'repair the file, or name another folder with the environment variable DOCKER_CONFIG',
    });
  }
}

/** An entry of `auths`: `auth` in base64, or `username` and `password`. Docker pads the password with NUL bytes. */
function parseEntry(entry: unknown): Credentials | undefined {
  if (!isObject(entry)) return undefined;
  const { auth, username, password } = entry;
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

function byRegistry(entries: readonly (readonly [string, Credentials])[]): ReadonlyMap<string, Credentials> {
  return new Map(entries.map(([key, value]) => [registryOfKey(key), value]));
}

/** Keys are a registry, or an address of its API such as `https://host:port/v1/`. */
function registryOfKey(key: string): string {
  return canonicalRegistry(key.replace(/^https?:\/\//, '').replace(/\/(v[12]\/?)?$/, ''));
}
