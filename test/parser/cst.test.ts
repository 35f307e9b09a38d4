import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateCstDts } from 'chevrotain';
import { expect, test } from 'vitest';
import { DockerfileParser } from '../../src/parser/grammar.ts';
import { createLexer } from '../../src/parser/lexer.ts';

/** Without comments, layout and the kind of quotes. */
function normalise(source: string): string {
  return source
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/import .*\n/, '')
    .replace(/[\s'"]+/g, ' ');
}

test('cst.ts describes the nodes of the grammar', () => {
  const written = readFileSync(join(import.meta.dirname, '../../src/parser/cst.ts'), 'utf8');
  const generated = generateCstDts(new DockerfileParser().getGAstProductions(), { includeVisitorInterface: false });
  expect(normalise(written).trim()).toBe(normalise(generated).trim());
});

test.each(['\\', '`'] as const)(
  'the tokens and the grammar pass the checks that builds leave out, escaped by %s',
  (escapeChar) => {
    const checked = { skipValidations: false };
    expect(
      createLexer(escapeChar, checked)
        .tokenize('FROM a\n')
        .map(({ image }) => image),
    ).toEqual(
      createLexer(escapeChar)
        .tokenize('FROM a\n')
        .map(({ image }) => image),
    );
    expect(() => new DockerfileParser(checked)).not.toThrow();
  },
);
