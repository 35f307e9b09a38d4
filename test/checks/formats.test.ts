import { describe, expect, it } from 'vitest';
import { checkDockerfile } from '../../src/checks/check-dockerfile.ts';
import { toCheckJson } from '../../src/checks/check-json.ts';
import { CHECK_RULES } from '../../src/checks/check-rules.ts';
import { type SarifResult, toSarif } from '../../src/checks/sarif.ts';
import { parse } from '../../src/parser/index.ts';
import { checkRequest } from '../support/checks.ts';

const TEXT = 'FROM a as b\nEXPOSE x\nRUN c \\\n\n\td\n';
const report = checkDockerfile({ ...checkRequest(TEXT), dockerfile: parse(TEXT, { name: 'sub dir/Dockerfile' }) });

describe('a report', () => {
  it('as JSON has a flat entry for each finding', () => {
    const { file, findings } = toCheckJson(report);
    expect(file).toBe('sub dir/Dockerfile');
    expect(findings.map(({ code, severity, fixable }) => [code, severity, fixable])).toEqual([
      ['FromAsCasing', 'warning', true],
      ['PLAN_BAD_PORT', 'error', false],
      ['NoEmptyContinuation', 'warning', true],
    ]);
    expect(findings[0]).toMatchObject({
      line: 1,
      column: 8,
      endLine: 1,
      endColumn: 10,
      page: 'docs/checks/FromAsCasing.md',
    });
  });

  it('as SARIF 2.1.0 has what its schema requires', () => {
    const log = toSarif(report, { version: '1.2.3' });
    expect(log).toMatchObject({ version: '2.1.0', $schema: expect.stringMatching(/sarif-2\.1\.0\.json$/) });
    const [run] = log.runs;
    if (run === undefined) throw new Error('no run');
    const { driver } = run.tool;
    expect(driver).toMatchObject({ name: 'lamella', semanticVersion: '1.2.3' });
    expect(new Set(driver.rules.map(({ id }) => id)).size).toBe(driver.rules.length);
    expect(driver.rules.map(({ id }) => id)).toEqual([...CHECK_RULES.map(({ name }) => name), 'PLAN_BAD_PORT']);
    for (const rule of driver.rules) expect(rule.shortDescription.text).not.toBe('');
    expect(run.results).toHaveLength(3);
    for (const result of run.results) {
      expect(driver.rules[result.ruleIndex]?.id).toBe(result.ruleId);
      checkResult(result);
    }
  });

  it('as SARIF carries fixes that change the file as applyFixes does', () => {
    const result = toSarif(report).runs[0]?.results.find(({ ruleId }) => ruleId === 'NoEmptyContinuation');
    const [change] = result?.fixes?.[0]?.artifactChanges ?? [];
    const [replacement] = change?.replacements ?? [];
    expect(change?.artifactLocation.uri).toBe('sub%20dir/Dockerfile');
    const { charOffset = 0, charLength = 0 } = replacement?.deletedRegion ?? {};
    expect(TEXT.slice(0, charOffset) + TEXT.slice(charOffset + charLength)).toBe(
      'FROM a as b\nEXPOSE x\nRUN c \\\n\td\n',
    );
  });
});

/** The rules of the specification that this tool could break: section 3.27 (result), 3.30 (region), 3.55 (fix). */
function checkResult({ level, message, locations, fixes }: SarifResult): void {
  expect(['none', 'note', 'warning', 'error']).toContain(level);
  expect(message.text).not.toBe('');
  const [location] = locations;
  expect(location?.physicalLocation.artifactLocation.uri).toMatch(/^[\w%./~-]+$/);
  const region = location?.physicalLocation.region ?? { startLine: 0, startColumn: 0, endLine: 0, endColumn: 0 };
  expect(Math.min(...Object.values(region))).toBeGreaterThanOrEqual(1);
  expect(region.endLine).toBeGreaterThanOrEqual(region.startLine);
  if (region.endLine === region.startLine) expect(region.endColumn).toBeGreaterThanOrEqual(region.startColumn);
  for (const { artifactChanges } of fixes ?? []) {
    expect(artifactChanges.length).toBeGreaterThan(0);
    for (const { replacements } of artifactChanges) expect(replacements.length).toBeGreaterThan(0);
  }
}
