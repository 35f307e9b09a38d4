import type { Digest } from '../core/digest.ts';
import type { OnTransfer } from '../oci/transfer.ts';
import type { BuildControl } from './control.ts';

const REPORT_EVERY_BYTES = 512 * 1024;

/** Tells of the transfers of one image: of each for about every half megabyte, and of its end. */
export function reportTransfers({ emit }: Pick<BuildControl, 'emit'>, verb: 'pull' | 'push' | 'copy'): OnTransfer {
  const reported = new Map<Digest, number>();
  return ({ descriptor: { digest }, current, total }) => {
    if (current !== total && current - (reported.get(digest) ?? 0) < REPORT_EVERY_BYTES) return;
    reported.set(digest, current);
    const label = `${verb} ${digest.slice(0, 19)}`;
    emit({ type: 'progress', id: `${verb} ${digest}`, label, current, total, unit: 'bytes' });
  };
}
