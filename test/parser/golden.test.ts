import { describe, expect, test } from 'vitest';
import type { Diagnostic } from '../../src/core/errors.ts';
import { parse, print, toParseJson } from '../../src/parser/index.ts';
import { expectGolden, goldenCases, readGolden } from '../support/golden.ts';

/** `line:column-line:column severity CODE message`, and the hint below. */
function renderDiagnostic({ span: { start, end }, severity, code, message, hint }: Diagnostic): string {
  const place = `${start.line}:${start.column}-${end.line}:${end.column}`;
  return `${place} ${severity} ${code} ${message}\n  ${hint}\n`;
}

describe('golden Dockerfiles', () => {
  test.for(goldenCases('parser'))('%s', (name) => {
    const text = readGolden('parser', name, 'Dockerfile');
    const dockerfile = parse(text);
    expect(print(dockerfile)).toBe(text);
    const failed = dockerfile.diagnostics.some(({ severity }) => severity === 'error');
    if (failed) {
      const diagnostics = dockerfile.diagnostics.map(renderDiagnostic).join('');
      expectGolden('parser', name, 'expected.diagnostics.txt', diagnostics);
    } else {
      expectGolden('parser', name, 'expected.json', `${JSON.stringify(toParseJson(dockerfile), null, 1)}\n`);
    }
  });
});
