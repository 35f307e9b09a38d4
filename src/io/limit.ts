/** Lets at most `size` tasks run at a time; the others wait in order. */
export interface Limit {
  run<T>(task: () => Promise<T>): Promise<T>;
}

export function createLimit(size: number): Limit {
  const waiting: (() => void)[] = [];
  let running = 0;
  const enter = (): Promise<void> | undefined => {
    if (running >= size) return new Promise((resolve) => waiting.push(resolve));
    running++;
    return undefined;
  };
  /** A freed place goes to the next in line without being free in between, so that nobody can slip in. */
  const leave = (): void => {
    const next = waiting.shift();
    if (next === undefined) running--;
    else next();
  };
  return {
    async run(task) {
      await enter();
      try {
        return await task();
      } finally {
        leave();
      }
    },
  };
}
