import {
  type CustomPatternMatcherFunc,
  type CustomPatternMatcherReturn,
  createToken,
  type IToken,
  Lexer,
  type TokenType,
} from 'chevrotain';
import { Cursor } from './cursor.ts';
import type { InstructionKind } from './instruction.ts';
import type { EscapeChar } from './logical-line.ts';
import * as patterns from './patterns.ts';
import * as tokens from './tokens.ts';

/** How the arguments of an instruction are cut: a mode of the lexer (reference, section 4). */
type ArgumentMode = 'list' | 'files' | 'words' | 'text' | 'command' | 'healthcheck' | 'trigger' | 'rest';

interface Shape {
  readonly mode: ArgumentMode;
  readonly token: TokenType;
  readonly kinds: readonly (InstructionKind | undefined)[];
}

const SHAPES: readonly Shape[] = [
  { mode: 'list', token: tokens.ListKeyword, kinds: ['FROM', 'EXPOSE'] },
  { mode: 'files', token: tokens.FilesKeyword, kinds: ['COPY', 'ADD', 'VOLUME'] },
  { mode: 'words', token: tokens.WordsKeyword, kinds: ['ENV', 'LABEL', 'ARG'] },
  { mode: 'text', token: tokens.TextKeyword, kinds: ['USER', 'WORKDIR', 'STOPSIGNAL', 'MAINTAINER'] },
  { mode: 'command', token: tokens.CommandKeyword, kinds: ['RUN', 'CMD', 'ENTRYPOINT', 'SHELL'] },
  { mode: 'healthcheck', token: tokens.HealthcheckKeyword, kinds: ['HEALTHCHECK'] },
  { mode: 'trigger', token: tokens.OnbuildKeyword, kinds: ['ONBUILD'] },
  { mode: 'rest', token: tokens.UnknownKeyword, kinds: [undefined] },
];

/** Instructions that ONBUILD refuses. */
const FORBIDDEN_TRIGGERS: readonly InstructionKind[] = ['FROM', 'MAINTAINER', 'ONBUILD'];

/** Cuts a file that ends with a line feed into tokens, without a gap but for white space in front of words. */
export interface DockerfileLexer {
  tokenize(file: string): readonly IToken[];
}

/** The escape character decides what a word and a line are, so each has its own lexer. Checks: see the grammar's. */
export function createLexer(
  escapeChar: EscapeChar,
  { skipValidations = true }: { readonly skipValidations?: boolean } = {},
): DockerfileLexer {
  const lexer = new Lexer(
    { defaultMode: 'start', modes: createModes(escapeChar) },
    { positionTracking: 'onlyOffset', ensureOptimizations: false, skipValidations },
  );
  return { tokenize: (file) => lexer.tokenize(file).tokens };
}

type TokenFactory = (type: TokenType, pattern: patterns.Pattern, modes?: Modes) => TokenType;

interface Modes {
  /** Mode to leave to, or to replace this one by. */
  readonly pop?: true;
  readonly push?: ArgumentMode;
}

function createModes(escapeChar: EscapeChar): Record<string, TokenType[]> {
  const token = tokenFactory(escapeChar);
  const space = skipped('Space', escapeChar, patterns.space('space'));
  const listSpace = skipped('ListSpace', escapeChar, patterns.space('list-space'));
  const flags = [token(tokens.Flag, patterns.flag), token(tokens.FlagsEnd, patterns.flagsEnd)];
  const json = token(tokens.Json, patterns.json);
  const text = token(tokens.Text, patterns.allText);
  const item = token(tokens.Item, patterns.item);
  const lineEnd = token(tokens.LineEnd, patterns.lineEnd, { pop: true });
  return {
    start: [...betweenInstructions(token), skipped('Indent', escapeChar, patterns.indent), ...keywords(token)],
    rest: [space, text, lineEnd],
    text: [space, ...flags, text, lineEnd],
    command: [space, ...flags, json, text, lineEnd],
    list: [listSpace, ...flags, item, lineEnd],
    files: [listSpace, ...flags, json, token(tokens.Item, patterns.heredocItem), item, lineEnd],
    words: [space, ...flags, token(tokens.Word, patterns.word(escapeChar)), lineEnd],
    healthcheck: [space, ...flags, ...healthcheckTypes(token), item, lineEnd],
    trigger: [space, ...flags, ...triggerKeywords(token), lineEnd],
  };
}

function betweenInstructions(token: TokenFactory): TokenType[] {
  return [
    token(tokens.HeredocBody, patterns.heredocBody),
    token(tokens.HeredocEnd, patterns.heredocEnd),
    token(tokens.Bom, patterns.bom),
    token(tokens.BlankLine, patterns.blankLine),
    token(tokens.CommentLine, patterns.commentLine),
  ];
}

function keywords(token: TokenFactory): TokenType[] {
  return SHAPES.map((shape) => token(shape.token, patterns.keyword(shape.kinds), { push: shape.mode }));
}

/** Behind ONBUILD a keyword replaces the mode, so that one line end leaves both. */
function triggerKeywords(token: TokenFactory): TokenType[] {
  return [
    token(tokens.ForbiddenTrigger, patterns.keyword(FORBIDDEN_TRIGGERS), { pop: true, push: 'rest' }),
    ...SHAPES.filter(({ mode }) => mode !== 'trigger').map((shape) =>
      token(shape.token, patterns.keyword(shape.kinds), { pop: true, push: shape.mode }),
    ),
  ];
}

function healthcheckTypes(token: TokenFactory): TokenType[] {
  return [
    token(tokens.HealthcheckNone, patterns.healthcheckType('NONE')),
    token(tokens.HealthcheckCmd, patterns.healthcheckType('CMD'), { pop: true, push: 'command' }),
  ];
}

/** Makes the concrete type of an abstract one. */
function tokenFactory(escapeChar: EscapeChar): TokenFactory {
  return (type, pattern, { pop, push } = {}) =>
    createToken({
      name: type.name,
      categories: type,
      pattern: matcher(pattern, escapeChar),
      line_breaks: true,
      ...(pop && { pop_mode: true }),
      ...(push && { push_mode: push }),
    });
}

function skipped(name: string, escapeChar: EscapeChar, pattern: patterns.Pattern): TokenType {
  return createToken({ name, pattern: matcher(pattern, escapeChar), group: Lexer.SKIPPED, line_breaks: true });
}

/** One cursor for each run: the array of tokens found so far is the run's own, and so its name. */
const cursors = new WeakMap<readonly IToken[], Cursor>();

function matcher(pattern: patterns.Pattern, escapeChar: EscapeChar): CustomPatternMatcherFunc {
  return (file, offset, matchedTokens) => {
    const cursor = cursors.get(matchedTokens) ?? startCursor(matchedTokens, file, escapeChar);
    cursor.offset = offset;
    const found = pattern(cursor);
    const { end, payload } = typeof found === 'object' ? found : { end: found, payload: undefined };
    if (end === undefined || end <= offset) return null;
    const match: CustomPatternMatcherReturn = [file.slice(offset, end)];
    match.payload = payload;
    return match;
  };
}

function startCursor(run: readonly IToken[], file: string, escapeChar: EscapeChar): Cursor {
  const cursor = new Cursor(file, escapeChar);
  cursors.set(run, cursor);
  return cursor;
}

/** What the lexer knows of the clause that a keyword token starts; `undefined` for every other token. */
export function clauseOf(token: IToken): patterns.KeywordPayload | undefined {
  return token.payload as patterns.KeywordPayload | undefined;
}
