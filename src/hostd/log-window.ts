import { LOG_WINDOW } from '../rootfs/host-messages.ts';

/** Counts bytes that were sent and not yet used, and holds the sender back when they are too many. */
export class LogWindow {
  #open = LOG_WINDOW;
  readonly #waiting: (() => void)[] = [];

  async take(bytes: number): Promise<void> {
    this.#open -= bytes;
    while (this.#open <= 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  give(bytes: number): void {
    this.#open += bytes;
    if (this.#open <= 0) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
