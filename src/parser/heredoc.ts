import type { Heredoc } from './instruction.ts';
import { type LogicalLine, rawLine } from './logical-line.ts';
import { type Range, shellWords, unquoteFlag } from './words.ts';

/** A `<<NAME` in a logical line, and where its body is in the file. */
export interface HeredocText {
  /** Of the `<<NAME` in the logical line. */
  readonly word: Range;
  readonly name: string;
  readonly expand: boolean;
  readonly chomp: boolean;
  readonly fileDescriptor: number;
  readonly bodyStart: number;
  readonly bodyEnd: number;
  /** Behind the terminator's line; `bodyEnd` when there is no terminator. */
  readonly end: number;
}

type HeredocWord = Omit<HeredocText, 'bodyStart' | 'bodyEnd' | 'end'>;

/** The heredocs that `line[from, to)` announces, with their bodies one after another behind the line. */
export function readHeredocs(file: string, line: LogicalLine, from: number, to: number): readonly HeredocText[] {
  const heredocs: HeredocText[] = [];
  let at = line.end;
  for (const word of findHeredocWords(line.text, from, to)) {
    const heredoc = { ...word, ...readBody(file, at, word) };
    heredocs.push(heredoc);
    at = heredoc.end;
  }
  return heredocs;
}

/** The body as a file or script gets it: with `<<-`, without the tabs at the start of each line. */
export function heredocBody(heredoc: Pick<Heredoc, 'content' | 'chomp'>): string {
  return heredoc.chomp ? heredoc.content.replace(/(^|\n)\t+/g, '$1') : heredoc.content;
}

function findHeredocWords(text: string, from: number, to: number): readonly HeredocWord[] {
  const marker = text.indexOf('<<', from);
  if (marker === -1 || marker >= to) return [];
  const found: HeredocWord[] = [];
  const words = shellWords(text, from, to) ?? [];
  let inArithmetic = false;
  for (const [index, word] of words.entries()) {
    if (word.start < (found.at(-1)?.word.end ?? 0)) continue;
    const next = inArithmetic ? undefined : words[index + 1];
    const heredoc = adjacentHeredoc(text, word) ?? (next && spacedHeredoc(text, word, next));
    if (heredoc !== undefined) found.push(heredoc);
    inArithmetic = opensArithmetic(text.slice(word.start, word.end)) ?? inArithmetic;
  }
  return found;
}

function adjacentHeredoc(text: string, word: Range): HeredocWord | undefined {
  return parseHeredocWord(text.slice(word.start, word.end), word);
}

/** `<< NAME`. In a shell's `$(( 1 << n ))` it is the shift operator instead. */
function spacedHeredoc(text: string, word: Range, next: Range): HeredocWord | undefined {
  const marker = text.slice(word.start, word.end);
  if (!/^\d*<<-?$/.test(marker)) return undefined;
  return parseHeredocWord(marker + text.slice(next.start, next.end), { start: word.start, end: next.end });
}

function parseHeredocWord(text: string, word: Range): HeredocWord | undefined {
  const match = /^(\d*)<<(-?)([^<]*)$/.exec(text);
  if (match === null) return undefined;
  const [, fileDescriptor = '', dash, quotedName = ''] = match;
  const name = unquoteFlag(quotedName, '\\');
  if (name === '') return undefined;
  const expand = !/['"]/.test(quotedName);
  return { word, name, expand, chomp: dash === '-', fileDescriptor: Number(fileDescriptor) };
}

/** Whether an arithmetic expression is open behind `word`; `undefined` when the word changes nothing. */
function opensArithmetic(word: string): boolean | undefined {
  const opened = word.lastIndexOf('((');
  const closed = word.lastIndexOf('))');
  return opened === closed ? undefined : opened > closed;
}

function readBody(file: string, start: number, { name, chomp }: HeredocWord): Omit<HeredocText, keyof HeredocWord> {
  for (let line = rawLine(file, start); line.start < file.length; line = rawLine(file, line.end)) {
    const content = file.slice(line.start, line.contentEnd);
    if ((chomp ? content.replace(/^\t+/, '') : content) === name) {
      return { bodyStart: start, bodyEnd: line.start, end: line.end };
    }
  }
  return { bodyStart: start, bodyEnd: file.length, end: file.length };
}
