import type { Dockerfile } from '../parser/dockerfile.ts';
import { parse } from '../parser/index.ts';
import { type CheckReport, checkDockerfile, type Finding } from './check-dockerfile.ts';
import type { CheckRequest } from './scope.ts';
import { applyFixes, compatibleFixes } from './text-edit.ts';

export interface FixedDockerfile {
  readonly dockerfile: Dockerfile;
  /** What was found and is mended, in the order of mending. */
  readonly fixed: readonly Finding[];
  /** What is left. */
  readonly report: CheckReport;
}

/** One fix may make room for the next: keywords first, then AS. */
const MAX_ROUNDS = 10;

/** Mends all that has a fix. The Dockerfile means the same afterwards, but for what the rules are about. */
export function fixDockerfile(request: CheckRequest): FixedDockerfile {
  const fixed: Finding[] = [];
  let { dockerfile } = request;
  let report = checkDockerfile(request);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const fixes = compatibleFixes(report.findings.flatMap(({ fix }) => fix ?? []));
    if (fixes.length === 0) break;
    fixed.push(...report.findings.filter(({ fix }) => fix !== undefined && fixes.includes(fix)));
    dockerfile = parse(applyFixes(dockerfile.source.text, fixes), { name: dockerfile.source.name });
    report = checkDockerfile({ ...request, dockerfile });
  }
  return { dockerfile, fixed, report };
}
