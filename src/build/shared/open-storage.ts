import { resolve } from 'node:path';
import type { SharedStorage } from '../../cache/shared-storage.ts';
import type { RegistryClient } from '../../oci/registry/client.ts';
import type { SharedCacheSource } from '../options.ts';
import { createDirectoryStorage } from './directory-storage.ts';
import { createRegistryStorage } from './registry-storage.ts';

/** Nothing is asked of the place before it is used. */
export function openStorage(place: SharedCacheSource, registry: () => RegistryClient): SharedStorage {
  return place.type === 'local'
    ? createDirectoryStorage(resolve(place.path))
    : createRegistryStorage(registry(), place.ref);
}
