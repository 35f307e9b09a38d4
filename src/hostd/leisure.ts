type Task = () => void | Promise<void>;

/**
 * Work for which nobody waits, done while this process itself waits for a command. What is still to be done when the host
 * stops is left: it must be of no use by then, such as removing what goes with a folder in memory.
 */
export class Leisure {
  #tasks: Task[] = [];

  add(task: Task): void {
    this.#tasks.push(task);
  }

  /** Does it now; what fails is left. */
  async use(): Promise<void> {
    const tasks = this.#tasks;
    this.#tasks = [];
    for (const task of tasks) await attempt(task);
  }
}

async function attempt(task: Task): Promise<void> {
  try {
    await task();
  } catch {
    // Whoever needs what was to be done finds out.
  }
}
