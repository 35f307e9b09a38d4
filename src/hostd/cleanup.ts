/** Hands on what `work` has put down in the cleanup, to be undone later; when it fails, that is undone at once. */
export async function keepingCleanup<T>(
  work: (cleanup: Cleanup) => Promise<T>,
): Promise<T & { readonly cleanup: Cleanup }> {
  const cleanup = new Cleanup();
  try {
    return { ...(await work(cleanup)), cleanup };
  } catch (error) {
    await cleanup.run().catch(() => {});
    throw error;
  }
}

/** What must be undone, newest first. */
export class Cleanup {
  readonly #tasks: (() => void | Promise<void>)[] = [];

  add(task: () => void | Promise<void>): void {
    this.#tasks.push(task);
  }

  /** Does all of it, also when some fails; then throws the first failure. */
  async run(): Promise<void> {
    const failures: unknown[] = [];
    for (let task = this.#tasks.pop(); task !== undefined; task = this.#tasks.pop()) {
      try {
        await task();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
