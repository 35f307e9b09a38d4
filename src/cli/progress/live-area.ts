import { stripVTControlCharacters } from 'node:util';
import type { Terminal } from '../host.ts';

const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
const CLEAR_LINE = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';

/**
 * The last lines of a terminal, drawn again and again, under lines that scroll away. Everything of one drawing is one
 * write and overwrites in place, so nothing flickers.
 */
export class LiveArea {
  readonly #terminal: Terminal;
  #drawn: readonly string[] = [];
  #open = false;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** Scrolls `finished` up and shows `frame` below, which must fit the window. */
  draw(finished: readonly string[], frame: readonly string[]): void {
    const lines = [...finished, ...frame].map((line) => `${line}${CLEAR_LINE}\n`).join('');
    const start = this.#open ? '' : HIDE_CURSOR;
    this.#open = true;
    this.#terminal.write(`${start}${this.#backToStart()}${lines}${CLEAR_BELOW}`);
    this.#drawn = frame;
  }

  /** Removes the frame and gives the cursor back. */
  close(): void {
    if (!this.#open) return;
    this.#terminal.write(`${this.#backToStart()}${CLEAR_BELOW}${SHOW_CURSOR}`);
    this.#drawn = [];
    this.#open = false;
  }

  /** A window that became narrower has wrapped the lines drawn before. */
  #backToStart(): string {
    const { columns } = this.#terminal.size();
    const rows = this.#drawn.reduce((sum, line) => sum + rowsOf(line, columns), 0);
    return rows === 0 ? '' : `\r\u001b[${rows}A`;
  }
}

function rowsOf(line: string, columns: number): number {
  return Math.max(1, Math.ceil(stripVTControlCharacters(line).length / columns));
}
