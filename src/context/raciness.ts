/** No clock of a file system that tells parts of a second is coarser: 10 ms with the slowest tick of Linux. */
const FINE_MS = 50;
/** Some file systems keep whole seconds, or every other one. */
const COARSE_MS = 2000;

/**
 * Whether something could change again after it was looked at and carry the same time: it had changed just before, or the
 * clock has been put back.
 * @param changedMs the time that the file system keeps, in milliseconds with their fraction
 */
export function isRacy(changedMs: number, lookedAtMs: number): boolean {
  return changedMs >= lookedAtMs - (changedMs % 1000 === 0 ? COARSE_MS : FINE_MS);
}
