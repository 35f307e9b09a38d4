import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Descriptor } from '../core/image.ts';
import { MediaType } from '../core/media-types.ts';
import { writeAtomicSync } from '../io/atomic-file.ts';
import { acquireLease } from '../io/lease.ts';
import { makeFolder } from '../io/make-folder.ts';

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

  async function change(edit: (manifests: readonly Descriptor[]) => readonly Descriptor[]): Promise<void> {
    makeFolder(storeDir);
    using _lease = await acquireLease(`${path}.lease`);
    const layout = join(storeDir, 'oci-layout');
    if (!existsSync(layout)) writeAtomicSync(layout, '{"imageLayoutVersion":"1.0.0"}');
    const index = { schemaVersion: 2, mediaType: MediaType.ociIndex, manifests: edit(readManifests(path)) };
    writeAtomicSync(path, JSON.stringify(index));
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
      await change((manifests) => [
        ...manifests.filter((entry) => !names.includes(entry.annotations?.[NAME] ?? '')),
        ...names.map((name) => ({ ...descriptor, annotations: annotationsOf(name) })),
      ]);
    },
    async remove(name) {
      const found = list().some((entry) => entry.name === name);
      if (found) await change((manifests) => manifests.filter((entry) => entry.annotations?.[NAME] !== name));
      return found;
    },
  };
}

function annotationsOf(name: string): Record<string, string> {
  const tag = /:([^:/@]+)$/.exec(name)?.[1];
  return { [NAME]: name, ...(tag !== undefined && { 'org.opencontainers.image.ref.name': tag }) };
}

/** A damaged index counts as empty: names are lost then, content is not. */
function readManifests(path: string): readonly Descriptor[] {
  try {
    const index = JSON.parse(readFileSync(path, 'utf8')) as { manifests?: readonly Descriptor[] };
    return index.manifests ?? [];
  } catch {
    return [];
  }
}
