/** The part of a terminal that our progress uses: lines, cursor up, erase to the end of line or screen. */
export class Screen {
  readonly #rows: string[] = [''];
  readonly #columns: number;
  #row = 0;
  #column = 0;

  constructor(columns: number) {
    this.#columns = columns;
  }

  feed(text: string): this {
    for (const [token] of text.matchAll(/\u001b\[[?\d]*[A-Za-z]|./gsu)) this.#apply(token);
    return this;
  }

  /** Rows without the empty ones at the end. */
  lines(): string[] {
    const last = this.#rows.findLastIndex((row) => row.trim() !== '');
    return this.#rows.slice(0, last + 1).map((row) => row.trimEnd());
  }

  #apply(token: string): void {
    if (token === '\n') this.#newLine();
    else if (token === '\r') this.#column = 0;
    else if (token === '\u001b[K') this.#rows[this.#row] = this.#current().slice(0, this.#column);
    else if (token === '\u001b[J') this.#rows.splice(this.#row, Infinity, this.#current().slice(0, this.#column));
    else if (/^\u001b\[\d+A$/.test(token)) this.#row = Math.max(0, this.#row - Number.parseInt(token.slice(2), 10));
    else if (!token.startsWith('\u001b')) this.#put(token);
  }

  #put(character: string): void {
    if (this.#column === this.#columns) this.#newLine();
    const row = this.#current().padEnd(this.#column);
    this.#rows[this.#row] = row.slice(0, this.#column) + character + row.slice(this.#column + 1);
    this.#column++;
  }

  #newLine(): void {
    this.#row++;
    this.#column = 0;
    this.#rows[this.#row] ??= '';
  }

  #current(): string {
    return this.#rows[this.#row] ?? '';
  }
}
