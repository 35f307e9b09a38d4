import type { ShellTerminal, TerminalSize } from '../../src/core/terminal.ts';

/** A terminal at which a script sits: it types an answer whenever what it waits for has been shown. */
export interface Typist extends ShellTerminal {
  /** All that was shown. */
  readonly screen: () => string;
  resize(size: TerminalSize): void;
}

/** Each turn waits until its text is shown after the one before, and types then; `\u0003` is Ctrl-C. */
export function createTypist(turns: readonly (readonly [shown: string, typed: string | (() => void)])[]): Typist {
  const waiting = [...turns];
  let size: TerminalSize = { columns: 91, rows: 17 };
  let screen = '';
  let seen = 0;
  let type: (bytes: Uint8Array) => void = () => {};
  let tellOfSize: () => void = () => {};
  const typist: Typist = {
    screen: () => screen,
    size: () => size,
    resize(to) {
      size = to;
      tellOfSize();
    },
    write(bytes) {
      screen += Buffer.from(bytes).toString('utf8');
      for (let [next] = waiting; next !== undefined; [next] = waiting) {
        const [shown, typed] = next;
        const at = screen.indexOf(shown, seen);
        if (at === -1) return;
        seen = at + shown.length;
        waiting.shift();
        if (typeof typed === 'string') type(Buffer.from(typed));
        else typed();
      }
    },
    onInput(listener) {
      type = listener;
      return () => {
        type = () => {};
      };
    },
    onResize(listener) {
      tellOfSize = listener;
      return () => {
        tellOfSize = () => {};
      };
    },
  };
  return typist;
}
