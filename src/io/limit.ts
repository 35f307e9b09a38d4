/** Lets at most `size` tasks run at a time; the others wait in order. */
export interface Limit {
  run<T>(task: () => Promise<T>): Promise<T>;
}

export function createLimit(size: number): Limit {
  const waiting: (() => void)[] = [];
  let running = 0;
  const release = (): void => {
    running--;
    waiting.shift()?.();
  };
  return {
    async run(task) {
      if (running >= size) await new Promise<void>((resolve) => waiting.push(resolve));
      running++;
      try {
        return await task();
      } finally {
        release();
      }
    },
  };
}
