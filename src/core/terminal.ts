/** Size of a terminal's window, in characters. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** Where a person sits: what a command that asks questions, such as a shell, is shown on. */
export interface ShellTerminal {
  /** As `TERM` names it. Default `xterm`. */
  readonly type?: string | undefined;
  size(): TerminalSize;
  /** The command waits while a promise is pending. */
  write(bytes: Uint8Array): void | Promise<void>;
  /** Calls back with what is typed, key by key, until the returned function is called. */
  onInput(listener: (bytes: Uint8Array) => void): () => void;
  /** Calls back when the size has changed, until the returned function is called. */
  onResize?(listener: () => void): () => void;
}
