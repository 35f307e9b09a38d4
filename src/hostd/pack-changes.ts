import { join } from 'node:path';
import { isWhiteout, type PackEntry, type WhiteoutEntry } from '../core/toc.ts';
import { BlockPool } from '../io/blocks.ts';
import { packLayer } from '../layers/pack.ts';
import { encodeToc } from '../layers/toc-codec.ts';
import type { PackedSnapshot, SnapshotEntry, SnapshotPackOptions } from '../rootfs/host-messages.ts';
import { createBlobStore } from '../store/blob-store.ts';
import type { Snapshot } from './snapshotter.ts';

export interface PackRequest {
  readonly entries: readonly SnapshotEntry[];
  readonly options: SnapshotPackOptions;
}

/** Of this process: a small layer costs less than fresh memory for its blocks. */
const pool = new BlockPool();

/**
 * Packs entries whose contents are in the directory of changes, into the blob store of the build. Without a list of blocks: no
 * later layer of a RUN looks for them.
 */
export async function packChanges(
  snapshot: Snapshot,
  { entries, options }: PackRequest,
  signal: AbortSignal,
): Promise<PackedSnapshot> {
  const { blobDir, tempDir, ...recipe } = options;
  const store = createBlobStore(blobDir, { ingestDir: tempDir });
  snapshot.packed = new Set(entries.filter((entry) => !isWhiteoutEntry(entry)).map((entry) => entry.path));
  const { descriptor, diffId, toc } = await packLayer(
    entries.map((entry) => withSource(entry, snapshot.contents)),
    store,
    { ...recipe, pool, signal },
  );
  return { descriptor, diffId, toc: Buffer.from(encodeToc(toc)).toString('base64') };
}

function withSource(entry: SnapshotEntry, contents: string): PackEntry | WhiteoutEntry {
  if (isWhiteoutEntry(entry) || entry.type !== 'file' || entry.size === 0) return entry;
  return { ...entry, source: { kind: 'path', path: join(contents, entry.path) } };
}

function isWhiteoutEntry(entry: SnapshotEntry): entry is WhiteoutEntry {
  return isWhiteout(entry as PackEntry | WhiteoutEntry);
}
