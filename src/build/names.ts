import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Descriptor } from '../core/image.ts';
import { MediaType } from '../core/media-types.ts';
import { writeAtomicSync } from '../io/atomic-file.ts';
import { acquireLease } from '../io/lease.ts';
import { readIfThere } from '../io/read-if-there.ts';

const NAME = 'io.containerd.image.name';

/**
 * The names of the images in the local store: its `index.json`, so that the store is an OCI image layout that other tools
 * can read (image-spec, image-layout.md). Changes are made under a lease and appear whole.
 */
export interface ImageNames {
  find(name: string): Descriptor | undefined;
  list(): readonly { readonly name: string; readonly descriptor: Descriptor }[];
  set(names: readonly string[], descriptor: Descriptor): Promise<void>;
  /** Whether the name was there. */
  remove(name: string): Promise<boolean>;
}

export function createImageNames(storeDir: string): ImageNames {
  const path = join(storeDir, 'index.json');

  /** Without a change nothing is written. */
  async function change(edit: (manifests: readonly Descriptor[]) => readonly Descriptor[]): Promise<boolean> {
    using _lease = await acquireLease(`${path}.lease`);
    const before = readManifests(path);
    const manifests = edit(before);
    if (isDeepStrictEqual(manifests, before)) return false;
    const layout = join(storeDir, 'oci-layout');
    if (!existsSync(layout)) writeAtomicSync(layout, '{"imageLayoutVersion":"1.0.0"}');
    writeAtomicSync(path, JSON.stringify({ schemaVersion: 2, mediaType: MediaType.ociIndex, manifests }));
    return true;
  }

  const list = (): { name: string; descriptor: Descriptor }[] =>
    readManifests(path).flatMap((entry) => {
      const name = entry.annotations?.[NAME];
      return name === undefined ? [] : [{ name, descriptor: entry }];
    });

  return {
    list,
    find: (name) => list().find((entry) => entry.name === name)?.descriptor,
    async set(names, descriptor) {
      if (names.length === 0) return;
      const named = names.map((name) => ({ ...descriptor, annotations: annotationsOf(name) }));
      await change((manifests) => [
        ...manifests.filter((entry) => !names.includes(entry.annotations?.[NAME] ?? '')),
        ...named,
      ]);
    },
    remove: (name) => change((manifests) => manifests.filter((entry) => entry.annotations?.[NAME] !== name)),
  };
}

function annotationsOf(name: string): Record<string, string> {
  const tag = /:([^:/@]+)$/.exec(name)?.[1];
  return { [NAME]: name, ...(tag !== undefined && { 'org.opencontainers.image.ref.name': tag }) };
}

/** An index that cannot be read is not empty: writing it would lose what it names. */
function readManifests(path: string): readonly Descriptor[] {
  const text = readIfThere(path)?.toString();
  if (text === undefined) return [];
  try {
    const index = JSON.parse(text) as { manifests?: readonly Descriptor[] };
    return index.manifests ?? [];
  } catch {
    // A damaged index counts as empty: names are lost then, content is not.
    return [];
  }
}
