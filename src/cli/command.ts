import type { CliHost } from './host.ts';
import type { Library } from './library.ts';
import type { OptionRow } from './option-row.ts';
import type { Arguments } from './parse-arguments.ts';

export interface CommandContext {
  readonly args: Arguments;
  /** The words after the command's name, as typed. */
  readonly argv: readonly string[];
  readonly host: CliHost;
  /** Loads the library: only where there is work for it. */
  readonly library: () => Promise<Library>;
  /** Aborted by the first Ctrl-C. */
  readonly signal: AbortSignal;
}

export interface Command {
  readonly usage: string;
  /** Paragraphs of the help below the usage. */
  readonly details: readonly string[];
  readonly options: readonly OptionRow[];
  readonly examples: readonly { readonly command: string; readonly does: string }[];
  readonly run: (context: CommandContext) => Promise<void>;
}
