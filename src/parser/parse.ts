import { ParseError } from '../core/errors.ts';
import { readDirectives } from './directives.ts';
import type { Dockerfile } from './dockerfile.ts';
import { indexLines } from './line-index.ts';
import { readInstructions } from './read-instructions.ts';
import { structureProblems } from './structure.ts';

export interface ParseOptions {
  /** Name of the file, for messages. Default `Dockerfile`. */
  readonly name?: string;
}

/**
 * Reads a Dockerfile. Never throws: whatever is wrong is a diagnostic, and the rest is read all the same.
 *
 * @example parse('FROM node:24\nRUN npm ci\n').instructions.map(({ kind }) => kind) // ['FROM', 'RUN']
 */
export function parse(text: string, options: ParseOptions = {}): Dockerfile {
  const lines = indexLines(text);
  const { directives, end, diagnostics: bad } = readDirectives(lines);
  const { instructions, pieces, diagnostics, statements } = readInstructions(lines, directives.escape, end);
  const all = [...bad, ...structureProblems(lines, statements), ...diagnostics];
  return {
    source: { name: options.name ?? 'Dockerfile', text },
    directives,
    instructions,
    diagnostics: all.sort((a, b) => a.span.start.offset - b.span.start.offset),
    pieces,
  };
}

/** @throws ParseError with every error of the file, when there is one. */
export function assertParsed(dockerfile: Dockerfile): void {
  const errors = dockerfile.diagnostics.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new ParseError(errors, dockerfile.source);
}
