import type { Digest } from '../core/digest.ts';
import type { OnTransfer, Transfer } from '../oci/transfer.ts';
import type { BuildControl } from './control.ts';
import type { TransferSum } from './events.ts';

const REPORT_EVERY_BYTES = 512 * 1024;

/** What is done with an image: `name` is how people know it. */
export interface Transferring {
  readonly verb: 'pull' | 'push' | 'copy';
  readonly name: string;
}

/**
 * Tells of the transfers of one image: of each when it is announced, for about every half megabyte, and of its end; each
 * time with how far all of them are together.
 */
export function reportTransfers({ emit }: Pick<BuildControl, 'emit'>, { verb, name }: Transferring): OnTransfer {
  const reported = new Map<Digest, number>();
  const sum = createSum({ id: `${verb} ${name}`, label: `${verb} ${name}` });
  return (transfer) => {
    const { descriptor, current, total } = transfer;
    const { digest } = descriptor;
    const together = sum(transfer);
    const isNews = current === total || current - (reported.get(digest) ?? -REPORT_EVERY_BYTES) >= REPORT_EVERY_BYTES;
    if (!isNews) return;
    reported.set(digest, current);
    const label = `${verb} ${digest.slice(0, 19)}`;
    emit({ type: 'progress', id: `${verb} ${digest}`, label, current, total, unit: 'bytes', sum: together });
  };
}

/** What was there already needs no transfer and does not count. */
function createSum(names: Pick<TransferSum, 'id' | 'label'>): (transfer: Transfer) => TransferSum {
  const moving = new Map<Digest, Transfer>();
  let sum = { done: 0, count: 0, current: 0, total: 0 };
  const count = ({ current, total }: Transfer, sign: 1 | -1): void => {
    const isDone = current === total;
    sum = {
      done: sum.done + (isDone ? sign : 0),
      count: sum.count + sign,
      current: sum.current + sign * current,
      total: sum.total + sign * total,
    };
  };
  return (transfer) => {
    const { digest } = transfer.descriptor;
    const before = moving.get(digest);
    if (before !== undefined) count(before, -1);
    if (transfer.wasThere === true) moving.delete(digest);
    else {
      moving.set(digest, transfer);
      count(transfer, 1);
    }
    return { ...names, ...sum };
  };
}
