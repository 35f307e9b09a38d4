import { setFlagsFromString } from 'node:v8';

/** Of V8. Others may not know the flag, and would say so on standard error. */
const TRIED = '13.';

/**
 * Leaves functions longer to the compiler that is done sooner: V8's best one takes 0.45 CPU seconds of a build of 20,000
 * files, on the core that inflates or deflates, for functions that are called once for each file.
 */
export function optimizeLate(): void {
  if (process.versions.v8.startsWith(TRIED)) setFlagsFromString('--invocation-count-for-turbofan=100000');
}
