/** A host that works answers at once, in a moment when it waits for the machine. */
const SILENCE_MS = 750;

/** Finds out that a host does nothing any more, being stopped or stuck: from some moment on it must answer again and again. */
export class HostPulse {
  readonly #ask: () => void;
  readonly #giveUp: () => void;
  #timer: NodeJS.Timeout | undefined;
  #isHeard = true;
  #isOver = false;

  constructor(ask: () => void, giveUp: () => void) {
    this.#ask = ask;
    this.#giveUp = giveUp;
  }

  /** To be called for everything that the host says. */
  beat(): void {
    this.#isHeard = true;
  }

  /** Begins to watch, once; a host that has ended is not watched. */
  watch(): void {
    if (this.#timer !== undefined || this.#isOver) return;
    this.#demand();
    // What has come while this process was busy is heard first.
    this.#timer = setInterval(() => setImmediate(() => this.#check()), SILENCE_MS);
  }

  /** To be called when the host has ended. */
  rest(): void {
    this.#isOver = true;
    clearInterval(this.#timer);
  }

  #check(): void {
    if (this.#isHeard) this.#demand();
    else this.#giveUp();
  }

  #demand(): void {
    this.#isHeard = false;
    this.#ask();
  }
}
