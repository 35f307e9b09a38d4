import { setFlagsFromString } from 'node:v8';

/** Of V8, in Node 22 to 26. Others may not know the flags, and would say so on standard error. */
const TRIED = /^1[234]\./;

/**
 * Keeps V8's heap near to what is alive. The space for new objects stays as loading the library leaves it, where V8 goes on to
 * 16 times as much: its size cannot be set in a process that runs, but the factor by which it grows is asked for each time.
 * Old objects are collected when there are twice as many as were alive, where V8 waits for more. A build with 100,000 files
 * takes 140 MB less, for a tenth more CPU; of 20,000 files, it is 2 % more.
 */
export function limitHeap(): void {
  if (!TRIED.test(process.versions.v8)) return;
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--heap-growing-percent=100');
}
