import { describe, expect, it } from 'vitest';
import { createLimit } from '../../src/io/limit.ts';

/** A task that ends when it is told to. */
function createGate(): { readonly opened: Promise<void>; open(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}

describe('createLimit', () => {
  it('runs at most that many tasks at a time, and all of them', async () => {
    const limit = createLimit(3);
    let running = 0;
    let most = 0;
    const task = async (): Promise<number> => {
      most = Math.max(most, ++running);
      await Promise.resolve();
      return running--;
    };
    const results = await Promise.all(Array.from({ length: 50 }, () => limit.run(task)));
    expect(results).toHaveLength(50);
    expect(most).toBe(3);
  });

  it('starts waiting tasks in the order in which they came', async () => {
    const limit = createLimit(1);
    const order: number[] = [];
    await Promise.all([1, 2, 3, 4].map((id) => limit.run(async () => order.push(id))));
    expect(order).toEqual([1, 2, 3, 4]);
  });

  it('lets nobody slip in between the end of a task and the start of the next in line', async () => {
    const limit = createLimit(1);
    const gate = createGate();
    let running = 0;
    let most = 0;
    const task = async (): Promise<void> => {
      most = Math.max(most, ++running);
      await Promise.resolve();
      running--;
    };
    const first = limit.run(() => gate.opened);
    const second = limit.run(task);
    const third = gate.opened.then(() => undefined).then(() => limit.run(task));
    const fourth = first.then(() => limit.run(task));
    gate.open();
    await Promise.all([first, second, third, fourth]);
    expect(most).toBe(1);
  });

  it('passes values and errors on, and a failed task gives its place back', async () => {
    const limit = createLimit(1);
    await expect(limit.run(() => Promise.reject(new Error('boom')))).rejects.toThrow('boom');
    await expect(limit.run(() => Promise.resolve('value'))).resolves.toBe('value');
  });
});
