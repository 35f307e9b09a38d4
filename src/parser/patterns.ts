import { BLANK_LINE, COMMENT_LINE, listWordEnd } from './blanks.ts';
import type { Cursor } from './cursor.ts';
import type { InstructionKind } from './instruction.ts';
import { readJsonForm } from './json-form.ts';
import type { EscapeChar } from './logical-line.ts';
import type { Clause, Statement } from './statement.ts';
import { wordEnd } from './words.ts';

/** What a keyword token carries: the clause that it starts, of which instruction. */
export interface KeywordPayload {
  readonly statement: Statement;
  readonly clause: Clause;
}

type Match = number | { readonly end: number; readonly payload: KeywordPayload } | undefined;

/** Where the token that starts at the cursor ends in the file; `undefined` when no such token starts there. */
export type Pattern = (cursor: Cursor) => Match;

export const bom: Pattern = (cursor) => (cursor.offset === 0 && cursor.file.startsWith('\ufeff') ? 1 : undefined);

export const blankLine: Pattern = matchLine(BLANK_LINE);
export const commentLine: Pattern = matchLine(COMMENT_LINE);

function matchLine(line: RegExp): Pattern {
  const pattern = new RegExp(line.source, 'y');
  return (cursor) => {
    pattern.lastIndex = cursor.offset;
    return pattern.test(cursor.file) ? pattern.lastIndex : undefined;
  };
}

/** What stands in front of a keyword: white space, and lines that hold only an escape character. */
export const indent: Pattern = (cursor) => cursor.rawStart(cursor.statement().clause.keyword.start);

export function keyword(kinds: readonly (InstructionKind | undefined)[]): Pattern {
  return (cursor) => {
    const clause = cursor.clause();
    if (clause === undefined || !kinds.includes(clause.kind)) return undefined;
    cursor.enterClause(clause);
    const statement = cursor.statement();
    const { start, end } = clause.keyword;
    // Without any keyword there is only an escape character at the end of the file: all of it is one token.
    const rawEnd = start === end ? statement.line.contentEnd : cursor.rawEnd(end);
    return { end: rawEnd, payload: { statement, clause } };
  };
}

export function space(separator: 'space' | 'list-space'): Pattern {
  return (cursor) => {
    const next = cursor.nextWord(separator);
    return next < cursor.statement().to ? cursor.rawStart(next) : undefined;
  };
}

export const flag: Pattern = (cursor) => takeFlag(cursor, (text) => text !== '--');
export const flagsEnd: Pattern = (cursor) => takeFlag(cursor, (text) => text === '--');

function takeFlag(cursor: Cursor, accepts: (text: string) => boolean): number | undefined {
  const range = cursor.flag();
  if (range === undefined) return undefined;
  const { text } = cursor.statement().line;
  if (!accepts(text.slice(range.start, range.end))) return undefined;
  cursor.takeFlag();
  return cursor.rawEnd(range.end);
}

export const allText: Pattern = (cursor) => {
  return cursor.isAtArguments() ? cursor.rawEnd(cursor.statement().to) : undefined;
};

export const json: Pattern = (cursor) => {
  if (!cursor.isAtArguments()) return undefined;
  const { line, to } = cursor.statement();
  return readJsonForm(line.text, cursor.at(), to) === undefined ? undefined : cursor.rawEnd(to);
};

export const item: Pattern = (cursor) => {
  const { line, to } = cursor.statement();
  const at = cursor.at();
  return at < to ? cursor.rawEnd(Math.min(listWordEnd(line.text, at), to)) : undefined;
};

export const heredocItem: Pattern = (cursor) => {
  const word = cursor.heredocWord();
  return word && cursor.rawEnd(word.end);
};

export function word(escapeChar: EscapeChar): Pattern {
  return (cursor) => {
    const { line, to } = cursor.statement();
    return cursor.rawEnd(wordEnd(line.text, cursor.at(), to, escapeChar));
  };
}

/** The type of a HEALTHCHECK; the arguments that follow are read anew. */
export function healthcheckType(type: 'NONE' | 'CMD'): Pattern {
  return (cursor) => {
    const { line, to } = cursor.statement();
    const at = cursor.at();
    const end = at + type.length;
    const found =
      line.text
        .slice(at, Math.min(end + 1, to))
        .trimEnd()
        .toUpperCase() === type;
    if (!found || !cursor.isAtArguments()) return undefined;
    if (type === 'CMD') cursor.moveArguments(end);
    return cursor.rawEnd(end);
  };
}

export const lineEnd: Pattern = (cursor) => cursor.statement().line.end;

export const heredocBody: Pattern = (cursor) => cursor.heredoc()?.bodyEnd;

export const heredocEnd: Pattern = (cursor) => {
  const heredoc = cursor.heredoc();
  if (heredoc?.bodyEnd !== cursor.offset) return undefined;
  cursor.endHeredoc();
  return heredoc.end;
};
