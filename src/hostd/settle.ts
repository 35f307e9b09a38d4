import { lstatSync, readdirSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { joinPath } from '../core/paths.ts';
import type { TimePolicy } from '../layers/tar-blocks.ts';
import { setModificationTime } from './modification-time.ts';

export interface SettleRequest {
  /** Paths that the packed layer has. */
  readonly packed: ReadonlySet<string>;
  readonly times: TimePolicy;
  /** Modification time that a path had before the changes, in nanoseconds. */
  readonly timeBelow: (path: string) => bigint | undefined;
}

/** Gives a directory of changes the times that its layer has, and those from before to what the layer leaves alone. */
export function settle(directory: string, request: SettleRequest): void {
  visit(directory, '', request);
}

/** Children first: removing one changes the time of its directory. */
function visit(directory: string, path: string, request: SettleRequest): void {
  const hostPath = join(directory, path);
  const stats = lstatSync(hostPath, { bigint: true });
  if (stats.isDirectory()) {
    for (const name of readdirSync(hostPath)) visit(directory, joinPath(path, name), request);
  }
  if (stats.isSocket()) unlinkSync(hostPath);
  else settleTime(hostPath, path, { ...request, now: stats.mtimeNs });
}

interface SettleTime extends SettleRequest {
  readonly now: bigint;
}

function settleTime(hostPath: string, path: string, { packed, times, timeBelow, now }: SettleTime): void {
  const time = packed.has(path) ? packedTime(times) : timeBelow(path);
  if (time !== undefined && time !== now) setModificationTime(hostPath, time);
}

function packedTime(times: TimePolicy): bigint | undefined {
  return times.kind === 'fixed' ? BigInt(times.seconds) * 1_000_000_000n : undefined;
}
