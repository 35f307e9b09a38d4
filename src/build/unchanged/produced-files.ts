import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Descriptor, Image } from '../../core/image.ts';
import type { BlobPaths } from '../../core/ports.ts';
import type { Output } from '../options.ts';
import type { ProducedFile } from './record-file.ts';

/** The image in the store, and the files of each output, as they are when they were just written. */
export function producedFiles(image: Image, outputs: readonly Output[], store: BlobPaths): ProducedFile[] {
  const manifest = JSON.parse(readFileSync(store.pathOf(image.descriptor.digest), 'utf8')) as { config: Descriptor };
  const blobs = [image.descriptor, manifest.config, ...image.layers.map(({ descriptor }) => descriptor)];
  return [
    ...blobs.map(({ digest, size }) => ({ path: store.pathOf(digest), size })),
    ...outputs.flatMap((output) => ('destination' in output ? outputFiles(resolve(output.destination)) : [])),
  ];
}

function outputFiles(destination: string): ProducedFile[] {
  const stats = statSync(destination);
  if (!stats.isDirectory()) return [toProduced(destination)];
  return readdirSync(destination, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => toProduced(join(parentPath, name)));
}

function toProduced(path: string): ProducedFile {
  const { size, mtimeMs } = statSync(path);
  return { path, size, mtimeMs };
}
