import type { Command } from './command.ts';
import type { CommandEntry } from './commands/commands.ts';
import { EXIT_CODES } from './exit-codes.ts';
import type { OptionRow } from './option-row.ts';

const WIDTH = 100;

/** `lamella --help` */
export function overview(commands: readonly CommandEntry[], version: string): string {
  const rows = commands.map((command) => [command.name, command.summary] as const);
  return joinBlocks([
    `lamella ${version}: builds OCI container images from Dockerfiles, without a daemon, Docker or root.`,
    'Usage: lamella COMMAND [OPTION…]',
    block('Commands', columns(rows)),
    block(
      'Options',
      columns([
        ['-h, --help', 'Show help; lamella COMMAND --help for one command'],
        ['--version', 'Show the version'],
      ]),
    ),
    exitCodes(),
    'Start with: lamella build -t app .',
  ]);
}

/** `lamella cache --help`: commands that begin with one word. */
export function groupHelp(name: string, commands: readonly CommandEntry[]): string {
  return joinBlocks([
    `Usage: lamella ${name} COMMAND [OPTION…]`,
    block('Commands', columns(commands.map((command) => [command.name, command.summary] as const))),
  ]);
}

/** `lamella COMMAND --help` */
export function commandHelp(command: Command): string {
  const full = command.options.filter((row) => row.support.kind === 'full');
  const noEffect = command.options.filter((row) => row.support.kind === 'no-effect');
  const refused = command.options.filter((row) => row.support.kind === 'refused');
  return joinBlocks([
    `Usage: ${command.usage}`,
    ...command.details.map((text) => wrap(text, 0)),
    block('Options', columns(full.map((row) => [optionLabel(row), optionHelp(row)]))),
    noEffect.length === 0 ? '' : block('Accepted without effect', wrap(names(noEffect), 2)),
    refused.length === 0 ? '' : block('Refused, with a way out in the message', wrap(names(refused), 2)),
    block('Examples', command.examples.map((example) => `  # ${example.does}\n  ${example.command}`).join('\n')),
    exitCodes(),
  ]);
}

export function optionLabel(row: OptionRow): string {
  const short = row.short === undefined ? '' : `-${row.short}, `;
  if (row.bare !== undefined) return `${short}--${row.name}[=${row.value}]`;
  return `${short}--${row.name}${row.value === undefined ? '' : ` ${row.value}`}`;
}

export function optionHelp(row: OptionRow): string {
  const notes = [
    row.choices === undefined ? '' : `one of ${row.choices.join(', ')}`,
    row.bare === undefined ? '' : `alone: ${row.bare}`,
    row.repeatable === undefined ? '' : 'may be repeated',
    row.fallback === undefined ? '' : `default: ${row.fallback}`,
  ].filter((note) => note !== '');
  return notes.length === 0 ? row.help : `${row.help} (${notes.join('; ')})`;
}

function exitCodes(): string {
  return block('Exit codes', columns(EXIT_CODES.map((row) => [String(row.code), row.meaning])));
}

function names(rows: readonly OptionRow[]): string {
  return rows.map((row) => `--${row.name}`).join(', ');
}

function block(title: string, body: string): string {
  return `${title}:\n${body}`;
}

function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length)) + 4;
  return rows.map(([left, right]) => `  ${left}`.padEnd(width) + wrap(right, width).trimStart()).join('\n');
}

/** Breaks text at spaces; every line begins with `indent` spaces. */
function wrap(text: string, indent: number): string {
  const lines: string[] = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line !== '' && indent + line.length + 1 + word.length > WIDTH) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.map((line) => ' '.repeat(indent) + line).join('\n');
}

function joinBlocks(blocks: readonly string[]): string {
  return `${blocks.filter((text) => text !== '').join('\n\n')}\n`;
}
