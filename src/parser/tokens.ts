import { createToken, Lexer, type TokenType } from 'chevrotain';

/**
 * The vocabulary of the grammar. These types match no text: each lexer has its own patterns, one set per escape
 * character, whose types have these as their category.
 */
function abstractToken(name: string): TokenType {
  return createToken({ name, pattern: Lexer.NA });
}

/** Keywords, by the shape of what follows them. */
export const ListKeyword: TokenType = abstractToken('ListKeyword');
export const FilesKeyword: TokenType = abstractToken('FilesKeyword');
export const WordsKeyword: TokenType = abstractToken('WordsKeyword');
export const TextKeyword: TokenType = abstractToken('TextKeyword');
export const CommandKeyword: TokenType = abstractToken('CommandKeyword');
export const HealthcheckKeyword: TokenType = abstractToken('HealthcheckKeyword');
export const OnbuildKeyword: TokenType = abstractToken('OnbuildKeyword');
export const UnknownKeyword: TokenType = abstractToken('UnknownKeyword');
/** FROM, MAINTAINER or ONBUILD behind ONBUILD. */
export const ForbiddenTrigger: TokenType = abstractToken('ForbiddenTrigger');

export const Flag: TokenType = abstractToken('Flag');
/** A bare `--`. */
export const FlagsEnd: TokenType = abstractToken('FlagsEnd');
/** All arguments, as an array. */
export const Json: TokenType = abstractToken('Json');
/** All arguments, as they are. */
export const Text: TokenType = abstractToken('Text');
/** An argument that ends at white space. */
export const Item: TokenType = abstractToken('Item');
/** An argument of ENV, LABEL or ARG, which ends at white space outside quotes. */
export const Word: TokenType = abstractToken('Word');
export const HealthcheckNone: TokenType = abstractToken('HealthcheckNone');
export const HealthcheckCmd: TokenType = abstractToken('HealthcheckCmd');

/** The end of the last line of an instruction, with all that follows its last argument. */
export const LineEnd: TokenType = abstractToken('LineEnd');
export const HeredocBody: TokenType = abstractToken('HeredocBody');
export const HeredocEnd: TokenType = abstractToken('HeredocEnd');

export const Bom: TokenType = abstractToken('Bom');
export const BlankLine: TokenType = abstractToken('BlankLine');
export const CommentLine: TokenType = abstractToken('CommentLine');

export const VOCABULARY: readonly TokenType[] = [
  ListKeyword,
  FilesKeyword,
  WordsKeyword,
  TextKeyword,
  CommandKeyword,
  HealthcheckKeyword,
  OnbuildKeyword,
  UnknownKeyword,
  ForbiddenTrigger,
  Flag,
  FlagsEnd,
  Json,
  Text,
  Item,
  Word,
  HealthcheckNone,
  HealthcheckCmd,
  LineEnd,
  HeredocBody,
  HeredocEnd,
  Bom,
  BlankLine,
  CommentLine,
];
