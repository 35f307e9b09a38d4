import { RegistryError } from '../../core/errors.ts';
import type { Written } from '../../core/ports.ts';
import type { Reference } from '../../core/reference.ts';
import { canonicalRegistry } from './docker-hub.ts';
import type { RegistryReader } from './reader.ts';
import type { Repository } from './session.ts';

/** By registry: `host[:port][/prefix]` of others that may have the same repositories. */
export type Mirrors = Readonly<Record<string, readonly string[]>>;

interface Place {
  readonly reader: RegistryReader;
  readonly at: (repository: Repository) => Repository;
  readonly name: string;
}

/**
 * Reads from the mirrors of a registry, in order, and at last from itself. Whatever keeps a mirror from answering, also
 * 429 and 5xx, leads to the next; one that cannot be reached is not asked again. `mirror` reads without patience.
 */
export function withMirrors(
  mirrors: Mirrors,
  { origin, mirror }: { readonly origin: RegistryReader; readonly mirror: RegistryReader },
): RegistryReader {
  const byRegistry = new Map(Object.entries(mirrors).map(([name, list]) => [canonicalRegistry(name), list]));
  const down = new Set<string>();

  function placesOf({ registry }: Repository): Place[] {
    const list = byRegistry.get(registry) ?? [];
    const alive = list.filter((name) => !down.has(name));
    return [
      ...alive.map((name) => ({ reader: mirror, at: (repository: Repository) => inMirror(name, repository), name })),
      { reader: origin, at: (repository) => repository, name: registry },
    ];
  }

  function passOver(error: unknown, { reader, name }: Place): void {
    if (reader === origin || !(error instanceof RegistryError)) throw error;
    if (error.code === 'REGISTRY_UNREACHABLE') down.add(name);
  }

  async function first<T>(reference: Reference, read: (place: Place, there: Reference) => Promise<T>): Promise<T> {
    for (const place of placesOf(reference)) {
      try {
        return await read(place, { ...reference, ...place.at(reference) });
      } catch (error) {
        passOver(error, place);
      }
    }
    throw new TypeError('a registry is the last of its own mirrors');
  }

  async function* blob(repository: Repository, descriptor: Written): AsyncGenerator<Uint8Array, void> {
    let sent = 0;
    for (const place of placesOf(repository)) {
      try {
        for await (const chunk of skip(place.reader.blob(place.at(repository), descriptor), sent)) {
          sent += chunk.length;
          yield chunk;
        }
        return;
      } catch (error) {
        passOver(error, place);
      }
    }
  }

  return {
    resolve: (reference) => first(reference, ({ reader }, there) => reader.resolve(there)),
    manifest: (reference, descriptor) => first(reference, ({ reader }, there) => reader.manifest(there, descriptor)),
    blob: (repository, descriptor) => ({ [Symbol.asyncIterator]: () => blob(repository, descriptor) }),
  };
}

function inMirror(mirror: string, { repository }: Repository): Repository {
  const [registry = '', ...prefix] = mirror.split('/');
  return { registry, repository: [...prefix, repository].join('/') };
}

async function* skip(bytes: AsyncIterable<Uint8Array>, count: number): AsyncGenerator<Uint8Array, void> {
  let left = count;
  for await (const chunk of bytes) {
    const rest = chunk.subarray(Math.min(left, chunk.length));
    left -= chunk.length - rest.length;
    if (rest.length > 0) yield rest;
  }
}
