import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LAMELLA } from '../builders/lamella.ts';
import { layersOfLayout } from '../builders/layers.ts';
import { setAside } from '../services/aside.ts';

/** A base image on disk. */
export interface UnpackedBase {
  /** Its root file system. */
  readonly root: string;
  /** Files of its layers, lowest first. */
  readonly layers: readonly string[];
}

/** Makes a root file system of a base image by `tar`, its layers one over another: the test host's have no whiteouts. */
export function unpackBase(reference: string, folder: string): UnpackedBase {
  setAside(folder);
  const root = join(folder, 'root');
  const context = join(folder, 'context');
  const layout = join(folder, 'layout');
  for (const each of [root, context]) mkdirSync(each, { recursive: true });
  writeFileSync(join(context, 'Dockerfile'), `FROM ${reference}\n`);
  const where = ['--cache-dir', join(folder, 'cache'), '-o', `type=oci-layout,dest=${layout}`];
  execFileSync(process.execPath, [LAMELLA, 'build', '--progress', 'quiet', ...where, context]);
  const layers = layersOfLayout(layout).map(({ path }) => path);
  for (const layer of layers) execFileSync('tar', ['-xpf', layer, '-C', root, '--numeric-owner']);
  for (const name of ['proc', 'sys', 'dev', 'tmp']) mkdirSync(join(root, name), { recursive: true });
  return { root, layers };
}
