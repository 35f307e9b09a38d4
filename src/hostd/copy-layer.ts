import { lstatSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parseWhiteout } from '../layers/whiteout.ts';
import { copyFile, copyMetadata } from './copy-file.ts';

/**
 * Puts the directory of a layer in its plain form over a root that no process uses. Nothing is written through a symbolic
 * link: only real directories are entered.
 */
export async function copyLayer(layer: string, root: string, signal?: AbortSignal): Promise<void> {
  await copyDirectory(layer, root, signal);
}

async function copyDirectory(from: string, to: string, signal: AbortSignal | undefined): Promise<void> {
  // Calls to this process, such as one to stop, are taken in between.
  await nextTurn();
  signal?.throwIfAborted();
  const names = readdirSync(from);
  for (const name of names) applyMarker(name, to);
  for (const name of names)
    if (parseWhiteout(name) === undefined) await copyEntry(join(from, name), join(to, name), signal);
  copyMetadata(to, lstatSync(from, { bigint: true }));
}

/** Before anything of the layer is put there: markers are for what is below. */
function applyMarker(name: string, to: string): void {
  const marker = parseWhiteout(name);
  if (marker === undefined || marker === 'ignored') return;
  const hidden = marker.type === 'whiteout' ? [marker.path] : readdirSync(to);
  for (const below of hidden) remove(join(to, below));
}

async function copyEntry(from: string, to: string, signal: AbortSignal | undefined): Promise<void> {
  const stats = lstatSync(from, { bigint: true });
  if (stats.isDirectory()) {
    makeDirectory(to);
    return await copyDirectory(from, to, signal);
  }
  remove(to);
  copyFile(from, to, stats);
}

function makeDirectory(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory() === true) return;
  if (found !== undefined) remove(path);
  mkdirSync(path, 0o700);
}

function remove(path: string): void {
  rmSync(path, { recursive: true, force: true });
}
