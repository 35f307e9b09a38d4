import type { CheckReport, Finding } from './check-dockerfile.ts';

/** What `lamella check --json` prints. Lines and columns from 1, columns in UTF-16 units, `end` not included. */
export interface CheckJson {
  readonly file: string;
  readonly findings: readonly FindingJson[];
}

export interface FindingJson {
  readonly code: string;
  readonly severity: Finding['severity'];
  readonly message: string;
  readonly hint?: string;
  readonly page?: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
  readonly fixable: boolean;
}

export function toCheckJson({ source, findings }: CheckReport): CheckJson {
  return { file: source.name, findings: findings.map(toFindingJson) };
}

function toFindingJson({ code, severity, message, hint, page, span: { start, end }, fix }: Finding): FindingJson {
  return {
    code,
    severity,
    message,
    ...(hint !== undefined && { hint }),
    ...(page !== undefined && { page }),
    line: start.line,
    column: start.column,
    endLine: end.line,
    endColumn: end.column,
    fixable: fix !== undefined,
  };
}
