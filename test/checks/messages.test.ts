import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { checkDockerfile, lintViolation } from '../../src/checks/check-dockerfile.ts';
import { CHECK_RULES } from '../../src/checks/check-rules.ts';
import { createPaint } from '../../src/cli/paint.ts';
import { renderDiagnostic } from '../../src/cli/render-error.ts';
import { checkRequest, contextOf } from '../support/checks.ts';
import { expectGolden, goldenCases, readGolden } from '../support/golden.ts';

const ROOT = join(import.meta.dirname, '../..');
const paint = createPaint({ isTTY: false }, {});
const context = contextOf('src/app.js', 'package.json');

/** All that is found, as `lamella check` shows it. */
function render(text: string): string {
  const report = checkDockerfile(checkRequest(text, { context, ignored: ['*.log'] }));
  const blocks = report.findings.map((finding) => `${renderDiagnostic(finding, report.source, paint).join('\n')}\n\n`);
  return [...blocks, lintViolation(report)?.message ?? 'nothing else', '\n'].join('');
}

describe('golden messages', () => {
  test.for(goldenCases('messages'))('%s', (name) => {
    expectGolden('messages', name, 'expected.txt', render(readGolden('messages', name, 'Dockerfile')));
  });

  const recorded = globSync('test/golden/{messages,parser}/*/expected{,.diagnostics}.txt', { cwd: ROOT })
    .map((path) => readFileSync(join(ROOT, path), 'utf8'))
    .join('\n');

  it('are there for every rule', () => {
    expect(CHECK_RULES.map(({ name }) => name).filter((name) => !recorded.includes(name))).toEqual([]);
  });

  it('are there for every code of parser and planner that a Dockerfile alone can bring about', () => {
    // Of options, of a base image's triggers, of 16 MiB of text, of another language: these have tests of their own.
    const elsewhere = [
      'PLAN_FOREIGN_FRONTEND',
      'PLAN_NOT_ALLOWED',
      'PLAN_BAD_TRIGGER',
      'PARSE_TRIGGER_NOT_ONE',
      'PLAN_EXPANSION_TOO_LONG',
    ];
    const sources = globSync('src/{parser,plan}/**/*.ts', { cwd: ROOT });
    const codes = sources.flatMap(
      (path) => readFileSync(join(ROOT, path), 'utf8').match(/(?<=')(?:PARSE|PLAN)_[A-Z_]{2,}(?=')/g) ?? [],
    );
    const missing = [...new Set(codes)].filter((code) => !recorded.includes(code) && !elsewhere.includes(code));
    // Mounts are the parser's to refuse first, under its own prefix.
    expect(missing.filter((code) => !recorded.includes(code.replace('PLAN_', 'PARSE_')))).toEqual([]);
  });
});
