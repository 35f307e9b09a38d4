import type { TerminalSize } from '../core/terminal.ts';

/** Something that the person at the terminal of a call did. */
export type TerminalAct = { readonly bytes: Buffer } | { readonly size: TerminalSize };

/** What reaches a call from the person at its terminal, kept until somebody listens. */
export class TerminalInput {
  readonly #waiting: TerminalAct[] = [];
  #listener: ((act: TerminalAct) => void) | undefined;

  push(act: TerminalAct): void {
    if (this.#listener === undefined) this.#waiting.push(act);
    else this.#listener(act);
  }

  listen(listener: (act: TerminalAct) => void): void {
    this.#listener = listener;
    for (const act of this.#waiting.splice(0)) listener(act);
  }
}
