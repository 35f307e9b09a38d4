import { describe, expect, it } from 'vitest';
import { quote, sequence } from '../../bench/measure/measure.ts';
import { parseStat, sumOfTrees } from '../../bench/measure/process-tree.ts';
import { median } from '../../bench/measure/statistics.ts';

describe('the median', () => {
  it('is the middle of an odd number of values and the mean of the two middle ones of an even number', () => {
    expect([median([3, 1, 2]), median([4, 1, 3, 2]), median([])]).toEqual([2, 2.5, undefined]);
  });
});

describe('a line of /proc/PID/stat', () => {
  it('is read whatever the name of the program is', () => {
    const line = '42 (a) S 1) S 7 42 42 0 -1 4194304 1 2 3 4 100 50 30 20 20 0 1 0 99 1000000 256 184467';
    expect(parseStat(line)).toEqual({ pid: 42, parent: 7, cpuSeconds: 2, memoryBytes: 256 * 4096 });
  });
});

describe('the sum of process trees', () => {
  const process = (pid: number, parent: number) => ({ pid, parent, cpuSeconds: 1, memoryBytes: 10 });

  it('counts roots and all their descendants, in whatever order they are listed', () => {
    const processes = [process(4, 3), process(3, 2), process(2, 1), process(9, 1)];
    expect(sumOfTrees(processes, new Set([2]))).toEqual({ cpuSeconds: 3, memoryBytes: 30 });
  });

  it('counts a root that has gone as nothing', () => {
    expect(sumOfTrees([process(9, 1)], new Set([2]))).toEqual({ cpuSeconds: 0, memoryBytes: 0 });
  });
});

describe('commands in a shell', () => {
  it('keep every word as it is', () => {
    expect(quote("it's $HOME")).toBe(String.raw`'it'\''s $HOME'`);
    expect(sequence([['a', 'b c'], ['d']])).toEqual(['sh', '-c', "a 'b c' && d"]);
  });
});
