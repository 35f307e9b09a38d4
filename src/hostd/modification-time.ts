import { lstatSync, lutimesSync } from 'node:fs';
import { loadLibc } from '../io/libc/libc.ts';

/** In nanoseconds since 1970, of the path itself. */
export function modificationTime(path: string): bigint {
  return lstatSync(path, { bigint: true }).mtimeNs;
}

/** Exact with koffi; else to the microsecond, rounded down, which Node's floating-point seconds can hold. */
export function setModificationTime(path: string, nanoseconds: bigint): void {
  const rest = ((nanoseconds % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  const seconds = Number((nanoseconds - rest) / 1_000_000_000n);
  const libc = loadLibc();
  const time = seconds + Number(rest / 1000n) / 1e6;
  if (libc === undefined) lutimesSync(path, time, time);
  else libc.setModificationTime(path, seconds, Number(rest));
}
