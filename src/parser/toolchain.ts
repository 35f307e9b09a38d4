import type { IToken } from 'chevrotain';
import type { DockerfileCstNode } from './cst.ts';
import { DockerfileParser } from './grammar.ts';
import { createLexer, type DockerfileLexer } from './lexer.ts';
import type { EscapeChar } from './logical-line.ts';

interface Toolchain {
  readonly lexers: Readonly<Record<EscapeChar, DockerfileLexer>>;
  readonly parser: DockerfileParser;
}

let toolchain: Toolchain | undefined;

/** Built at the first use, once. The parser comes last: it has to know the token types of both lexers. */
function getToolchain(): Toolchain {
  toolchain ??= { lexers: { '\\': createLexer('\\'), '`': createLexer('`') }, parser: new DockerfileParser() };
  return toolchain;
}

/** A file cut into tokens. */
export function tokenize(text: string, escapeChar: EscapeChar): readonly IToken[] {
  return getToolchain().lexers[escapeChar].tokenize(text.endsWith('\n') ? text : `${text}\n`);
}

export function parseTokens(tokens: readonly IToken[]): DockerfileCstNode {
  const { parser } = getToolchain();
  parser.input = [...tokens];
  // The grammar is what `cst.ts` describes; a test compares the two.
  return parser.dockerfile() as DockerfileCstNode;
}
