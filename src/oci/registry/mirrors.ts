import { ContentError, RegistryError } from '../../core/errors.ts';
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

interface Readers {
  readonly origin: RegistryReader;
  /** Reads without patience. */
  readonly mirror: RegistryReader;
}

interface Mirrored extends Readers {
  readonly byRegistry: ReadonlyMap<string, readonly string[]>;
  /** Mirrors that cannot be reached. */
  readonly down: Set<string>;
}

/**
 * Reads from the mirrors of a registry, in order, and at last from itself. Whatever keeps a mirror from answering, also
 * 429 and 5xx, leads to the next, and so does an answer that its digest does not confirm; one that cannot be reached is not asked again.
 */
export function withMirrors(mirrors: Mirrors, readers: Readers): RegistryReader {
  const byRegistry = new Map(Object.entries(mirrors).map(([name, list]) => [canonicalRegistry(name), list]));
  const mirrored: Mirrored = { ...readers, byRegistry, down: new Set() };
  return {
    resolve: (reference) => first(mirrored, reference, ({ reader }, there) => reader.resolve(there)),
    manifest: (reference, descriptor) =>
      first(mirrored, reference, ({ reader }, there) => reader.manifest(there, descriptor)),
    blob: (repository, descriptor) => ({ [Symbol.asyncIterator]: () => blob(mirrored, repository, descriptor) }),
  };
}

/** Where to ask, in order; the registry itself is the last. */
function placesOf({ byRegistry, down, mirror, origin }: Mirrored, { registry }: Repository): Place[] {
  const alive = (byRegistry.get(registry) ?? []).filter((name) => !down.has(name));
  return [
    ...alive.map((name) => ({ reader: mirror, at: (repository: Repository) => inMirror(name, repository), name })),
    { reader: origin, at: (repository) => repository, name: registry },
  ];
}

function passOver({ origin, down }: Mirrored, { reader, name }: Place, error: unknown): void {
  const isItsFault = error instanceof RegistryError || error instanceof ContentError;
  if (reader === origin || !isItsFault) throw error;
  if (error.code === 'REGISTRY_UNREACHABLE') down.add(name);
}

async function first<T>(
  mirrored: Mirrored,
  reference: Reference,
  read: (place: Place, there: Reference) => Promise<T>,
): Promise<T> {
  for (const place of placesOf(mirrored, reference)) {
    try {
      return await read(place, { ...reference, ...place.at(reference) });
    } catch (error) {
      passOver(mirrored, place, error);
    }
  }
  throw new TypeError('a registry is the last of its own mirrors');
}

/** A place that breaks off leaves the rest to the next. */
async function* blob(
  mirrored: Mirrored,
  repository: Repository,
  descriptor: Written,
): AsyncGenerator<Uint8Array, void> {
  let sent = 0;
  for (const place of placesOf(mirrored, repository)) {
    try {
      for await (const chunk of skip(place.reader.blob(place.at(repository), descriptor), sent)) {
        sent += chunk.length;
        yield chunk;
      }
      return;
    } catch (error) {
      // What was handed on cannot be taken back when it turns out to be wrong.
      if (sent > 0 && error instanceof ContentError) throw error;
      passOver(mirrored, place, error);
    }
  }
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
