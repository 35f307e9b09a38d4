import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ParseError } from '../../src/core/errors.ts';
import { assertParsed, parse, print, toDump } from '../../src/parser/index.ts';
import { corpusDir } from '../support/corpus.ts';

const corpus = corpusDir();

function cases(folder: string): readonly string[] {
  return corpus === undefined ? [] : readdirSync(join(corpus, folder));
}

function read(...path: readonly string[]): string {
  return readFileSync(join(corpus ?? '', ...path), 'utf8');
}

describe.skipIf(corpus === undefined)('the corpus of Dockerfiles', () => {
  test.for(cases('parser'))('%s gives the expected tree', (name) => {
    const text = read('parser', name, 'Dockerfile');
    expect(toDump(parse(text)).trim()).toBe(read('parser', name, 'result').trim());
    expect(print(parse(text))).toBe(text);
  });

  test.for(cases('parser-negative'))('%s is refused', (name) => {
    const dockerfile = parse(read('parser-negative', name, 'Dockerfile'));
    expect(() => assertParsed(dockerfile)).toThrow(ParseError);
  });

  test.for(['buildah', 'kaniko'])('every Dockerfile of %s is printed as it was', (folder) => {
    const files = readdirSync(join(corpus ?? '', folder), { recursive: true, encoding: 'utf8' });
    for (const file of files.filter((path) => /(?:^|\/)[^/]*Dockerfile[^/]*$/.test(path))) {
      const text = read(folder, file);
      expect(print(parse(text)), file).toBe(text);
    }
  });
});
