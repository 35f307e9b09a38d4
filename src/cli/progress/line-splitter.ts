import { StringDecoder } from 'node:string_decoder';
import { printable } from '../format.ts';

/** A longer line is told in pieces: no command fills our memory by never ending one. */
const LONGEST = 1 << 16;

/** Turns chunks of a command's output into clean lines; characters cut between chunks are put together. */
export class LineSplitter {
  readonly #decoder = new StringDecoder('utf8');
  #partial = '';

  /** Lines that this chunk completes. */
  push(bytes: Uint8Array): string[] {
    const lines = (this.#partial + this.#decoder.write(bytes)).split('\n');
    this.#partial = lines.pop() ?? '';
    if (this.#partial.length > LONGEST) {
      lines.push(this.#partial);
      this.#partial = '';
    }
    return lines.map(visible);
  }

  /** The line begun last, which nothing has ended yet. */
  get partial(): string {
    return visible(this.#partial);
  }

  /** What is left at the end. */
  end(): string[] {
    const rest = this.#partial + this.#decoder.end();
    this.#partial = '';
    return rest === '' ? [] : [visible(rest)];
  }
}

/** A carriage return starts the line again, as progress bars do. */
function visible(line: string): string {
  const rewritten = line.replace(/\r+$/, '').split('\r').at(-1) ?? '';
  return printable(rewritten);
}
