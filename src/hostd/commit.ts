import { lstatSync, readdirSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { joinPath } from '../core/paths.ts';
import type { TimePolicy } from '../layers/tar-blocks.ts';
import { setModificationTime } from './modification-time.ts';
import type { Snapshot } from './snapshot.ts';
import type { Workshop } from './workshop.ts';

export interface CommitRequest {
  readonly id: string;
  readonly times: TimePolicy;
}

/**
 * Makes the changes of a snapshot the directory of a layer. It then shows what the unpacked layer would: packed entries
 * have the layer's time; what was copied up and did not change has that of the layer below again; sockets are gone.
 */
export async function commitChanges(
  workshop: Workshop,
  snapshot: Snapshot,
  { id, times }: CommitRequest,
): Promise<void> {
  settle(snapshot, '', times);
  await snapshot.unmount();
  await workshop.layers.adopt(id, snapshot.upper);
}

/** Children first: removing one changes the time of its directory. */
function settle(snapshot: Snapshot, path: string, times: TimePolicy): void {
  const hostPath = join(snapshot.upper, path);
  const stats = lstatSync(hostPath, { bigint: true });
  if (stats.isDirectory()) {
    for (const name of readdirSync(hostPath)) settle(snapshot, joinPath(path, name), times);
  }
  if (stats.isSocket()) unlinkSync(hostPath);
  else if (!snapshot.packed.has(path)) restoreTime(snapshot, path);
  else if (times.kind === 'fixed') setModificationTime(hostPath, BigInt(times.seconds) * 1_000_000_000n);
}

function restoreTime({ lowers, upper }: Snapshot, path: string): void {
  const below = lowers
    .toReversed()
    .map((lower) => lstatSync(join(lower, path), { bigint: true, throwIfNoEntry: false }))
    .find((stats) => stats !== undefined);
  if (below !== undefined) setModificationTime(join(upper, path), below.mtimeNs);
}
