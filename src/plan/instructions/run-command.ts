import type { ImageConfig } from '../../core/image.ts';
import { heredocBody } from '../../parser/index.ts';
import type { Command, Heredoc, RunInstruction } from '../../parser/instruction.ts';
import type { InlineFile } from '../step.ts';
import { shellCommand } from './command.ts';

export interface RunCommand {
  readonly argv: readonly string[];
  /** An executable that must stand at `argv[0]`. */
  readonly script?: InlineFile;
}

/** What RUN executes: an argument list, a text for the shell, or a script (reference, sections 5 and 10). */
export function runCommand({ command, heredocs }: RunInstruction, config: ImageConfig): RunCommand {
  if (command.form === 'exec') return { argv: command.argv };
  const [only] = heredocs;
  if (only === undefined) return { argv: shellCommand(command.text, config) };
  return isWholeCommand(only, command)
    ? scriptCommand(only, config)
    : { argv: shellCommand(withBodies(command.text, heredocs), config) };
}

function isWholeCommand({ span }: Heredoc, command: Command): boolean {
  return span.start.offset === command.span.start.offset && span.end.offset === command.span.end.offset;
}

function scriptCommand(heredoc: Heredoc, config: ImageConfig): RunCommand {
  const content = heredocBody(heredoc);
  if (!content.startsWith('#!') || config.os === 'windows') return { argv: shellCommand(content, config) };
  return { argv: [`/dev/pipes/${heredoc.name}`], script: { name: heredoc.name, content } };
}

/** The shell reads the heredocs itself, so each body and its end stand after the command line as written. */
function withBodies(line: string, heredocs: readonly Heredoc[]): string {
  return [line, ...heredocs.map(({ name, content }) => `${content}${name}`)].join('\n');
}
