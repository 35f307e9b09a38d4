import { join } from 'node:path';
import { scanFolder } from '../../io/scan-folder.ts';
import type { CacheFolders } from '../cache-folders.ts';

export interface LayerDirectory {
  readonly path: string;
  /** Its name: the beginning of the chain ID. */
  readonly id: string;
}

/** The directories of layers that are whole. */
export function layerDirectories({ snapshots }: CacheFolders): LayerDirectory[] {
  return flavorsOf(snapshots).flatMap((folder) =>
    scanFolder(folder)
      .filter(({ name }) => !name.startsWith('.'))
      .map(({ name }) => ({ path: join(folder, name), id: name })),
  );
}

/** Each kind of sandbox host has a folder of its own; compiled code lies beside them. */
function flavorsOf(folder: string): string[] {
  return scanFolder(folder).flatMap(({ name }) => (name === 'code' ? [] : [join(folder, name)]));
}
