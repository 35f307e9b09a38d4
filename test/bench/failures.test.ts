import { describe, expect, it } from 'vitest';
import { runSafely } from '../../bench/rounds/bench.ts';
import { WORKLOADS } from '../../bench/workloads/workloads.ts';

function benchWith(signal: AbortSignal) {
  const [workload = expect.fail()] = WORKLOADS;
  return { workload, context: '/none', round: 2, timeoutSeconds: 1, signal, say: () => undefined };
}

describe('what goes wrong around a run', () => {
  const fail = async (): Promise<undefined> => {
    throw new Error('the daemon does not answer');
  };

  it('is the result of that run, so that the others go on', async () => {
    const bench = benchWith(new AbortController().signal);
    const run = await runSafely({ bench, subject: 'docker', phase: 'cold' }, fail);
    expect(run).toMatchObject({ subject: 'docker', phase: 'cold', round: 2 });
    expect(run?.failure).toContain('the daemon does not answer');
  });

  it('ends everything when the benchmarks are interrupted', async () => {
    const bench = benchWith(AbortSignal.abort(new Error('ended by SIGINT')));
    await expect(runSafely({ bench, subject: 'docker' }, fail)).rejects.toThrow('ended by SIGINT');
  });
});
