import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { DiffId } from '../core/digest.ts';
import type { PackEntry } from '../core/toc.ts';
import { makeFolder } from '../io/make-folder.ts';
import type { FileRange, ReadLayerContent } from '../layers/packed-content.ts';
import { spoolContents } from '../layers/spool.ts';
import type { Session } from './session.ts';

/** Opens the uncompressed tar of a layer or archive. */
export type OpenLayer = (layer: DiffId) => AsyncIterable<Uint8Array>;

/** Reads out what entries need of other layers, in one pass over each, and gives it to `packLayer`. */
export async function gatherContents(
  session: Session,
  entries: Iterable<PackEntry>,
  open: OpenLayer,
): Promise<ReadLayerContent> {
  const folder = join(session.workspace.path, 'contents');
  makeFolder(folder);
  const found = new Map<DiffId, ReadonlyMap<number, FileRange>>();
  for (const [layer, wanted] of wantedContents(entries)) {
    found.set(layer, await spoolContents(open(layer), wanted, join(folder, randomUUID())));
  }
  return ({ layer, offset }) => found.get(layer)?.get(offset) ?? new Uint8Array(0);
}

function wantedContents(entries: Iterable<PackEntry>): Map<DiffId, Map<number, number>> {
  const wanted = new Map<DiffId, Map<number, number>>();
  for (const { source, size } of entries) {
    if (source?.kind !== 'layer') continue;
    const contents = wanted.get(source.layer) ?? new Map<number, number>();
    wanted.set(source.layer, contents.set(source.offset, size));
  }
  return wanted;
}
