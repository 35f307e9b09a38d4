import { type IToken, tokenMatcher } from 'chevrotain';
import type { Piece } from './dockerfile.ts';
import { clauseOf } from './lexer.ts';
import type { Statement } from './statement.ts';
import * as tokens from './tokens.ts';

/** An instruction of the file, before its arguments are read. */
export interface Site {
  readonly statement: Statement;
  /** Comment lines since the instruction before; an empty comment starts anew (reference, section 1). */
  readonly comments: readonly string[];
}

/** A piece of the file; `site` is there for an instruction. */
export interface LaidOut {
  readonly piece: Piece;
  readonly site?: Site;
}

/** Divides the text of a file into pieces, by its tokens. `directivesEnd` is the end of the last directive. */
export function layOut(text: string, file: readonly IToken[], directivesEnd: number): readonly LaidOut[] {
  const out: LaidOut[] = [];
  let comments: string[] = [];
  for (const token of file) {
    const site = siteOf(token, comments);
    const kind = site === undefined ? layoutKind(token, directivesEnd) : 'instruction';
    if (kind === undefined) continue;
    const [start, end] = site === undefined ? extentOf(token) : [site.statement.line.start, site.statement.end];
    const piece = { kind, text: text.slice(start, end) };
    if (piece.text !== '') out.push({ piece, ...(site && { site }) });
    if (kind === 'instruction') comments = [];
    if (kind === 'comment') comments = withComment(comments, piece.text);
  }
  return out;
}

function siteOf(token: IToken, comments: readonly string[]): Site | undefined {
  const { statement, clause } = clauseOf(token) ?? {};
  return statement !== undefined && clause === statement.clause ? { statement, comments } : undefined;
}

function layoutKind(token: IToken, directivesEnd: number): Piece['kind'] | undefined {
  if (tokenMatcher(token, tokens.Bom)) return 'bom';
  if (tokenMatcher(token, tokens.BlankLine)) return 'blank';
  if (!tokenMatcher(token, tokens.CommentLine)) return undefined;
  return token.startOffset < directivesEnd ? 'directive' : 'comment';
}

function extentOf({ startOffset, image }: IToken): readonly [number, number] {
  return [startOffset, startOffset + image.length];
}

/** The list itself grows; an empty comment gives a new one. */
function withComment(comments: string[], line: string): string[] {
  const comment = line.trim().slice('#'.length).trim();
  if (comment === '') return [];
  comments.push(comment);
  return comments;
}
