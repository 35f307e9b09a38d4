import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Content {
  readonly digest: string;
  readonly size: number;
}

interface Manifest {
  readonly layers: readonly Content[];
}

/** Layers of the first image in an OCI layout, as descriptors with their file. */
export function layersOfLayout(layout: string): (Content & { readonly path: string })[] {
  const pathOf = ({ digest }: Content): string => join(layout, 'blobs', digest.replace(':', '/'));
  const index = readJson<{ readonly manifests: readonly Content[] }>(join(layout, 'index.json'));
  const [image] = index.manifests;
  if (image === undefined) return [];
  return readJson<Manifest>(pathOf(image)).layers.map((layer) => ({ ...layer, path: pathOf(layer) }));
}

/** Layers of an image in a registry on the loopback. */
export async function layersOfRegistry(registry: string, name: string, tag: string): Promise<readonly Content[]> {
  const accept = 'application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json';
  const answer = await fetch(`http://${registry}/v2/${name}/manifests/${tag}`, { headers: { accept } });
  return answer.ok ? ((await answer.json()) as Manifest).layers : [];
}

/** Bytes of compressed layers. */
export function sizeOf(layers: readonly Content[]): number {
  return layers.reduce((sum, { size }) => sum + size, 0);
}

function readJson<T>(file: string): T {
  return JSON.parse(readFileSync(file, 'utf8')) as T;
}
