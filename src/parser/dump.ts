import type { Dockerfile } from './dockerfile.ts';
import type { Instruction } from './instruction.ts';
import { flagTexts, rawArguments } from './raw-arguments.ts';

/** The instructions as s-expressions, one on a line: `(copy ["--link"] "a" "b")`. */
export function toDump(dockerfile: Dockerfile): string {
  return dockerfile.instructions.map((instruction) => `${dumpInstruction(instruction)}\n`).join('');
}

function dumpInstruction(instruction: Instruction): string {
  const flags = flagTexts(instruction).map(quote);
  const parts = [
    instruction.kind.toLowerCase(),
    ...(flags.length === 0 ? [] : [`[${flags.join(' ')}]`]),
    ...rawArguments(instruction).map(quote),
    ...(instruction.kind === 'ONBUILD' ? [dumpInstruction(instruction.instruction)] : []),
  ];
  return `(${parts.join(' ')})`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
};

/** In double quotes as Go's `strconv.Quote` writes it: what is not printable is escaped. */
function quote(text: string): string {
  const escaped = text.replace(/["\\]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, (char) => ESCAPES[char] ?? escapeCode(char));
  return `"${escaped}"`;
}

function escapeCode(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  if (code < 0x20 || code === 0x7f) return `\\x${hex.padStart(2, '0')}`;
  return code > 0xffff ? `\\U${hex.padStart(8, '0')}` : `\\u${hex.padStart(4, '0')}`;
}
