import type { CheckReport, Finding } from './check-dockerfile.ts';
import { CHECK_RULES } from './check-rules.ts';
import type { RuleInfo } from './rule.ts';
import type { Fix } from './text-edit.ts';

/** A log in the Static Analysis Results Interchange Format, version 2.1.0. */
export interface SarifLog {
  readonly $schema: string;
  readonly version: '2.1.0';
  readonly runs: readonly SarifRun[];
}

export interface SarifRun {
  readonly tool: { readonly driver: SarifDriver };
  readonly columnKind: 'utf16CodeUnits';
  readonly results: readonly SarifResult[];
}

export interface SarifDriver {
  readonly name: string;
  readonly semanticVersion?: string;
  readonly rules: readonly SarifRule[];
}

export interface SarifRule {
  readonly id: string;
  readonly shortDescription: SarifMessage;
  readonly help?: SarifMessage;
  readonly defaultConfiguration: { readonly level: SarifLevel; readonly enabled: boolean };
}

export interface SarifResult {
  readonly ruleId: string;
  readonly ruleIndex: number;
  readonly level: SarifLevel;
  readonly message: SarifMessage;
  readonly locations: readonly { readonly physicalLocation: SarifPlace }[];
  readonly fixes?: readonly SarifFix[];
}

interface SarifMessage {
  readonly text: string;
}

type SarifLevel = Finding['severity'];

interface SarifPlace {
  readonly artifactLocation: { readonly uri: string };
  readonly region: Readonly<Record<'startLine' | 'startColumn' | 'endLine' | 'endColumn', number>>;
}

interface SarifFix {
  readonly description: SarifMessage;
  readonly artifactChanges: readonly {
    readonly artifactLocation: { readonly uri: string };
    readonly replacements: readonly {
      readonly deletedRegion: { readonly charOffset: number; readonly charLength: number };
      readonly insertedContent: SarifMessage;
    }[];
  }[];
}

export interface SarifOptions {
  /** Of lamella. */
  readonly version?: string;
  /** Path of the Dockerfile, relative to where the log will be looked at. Default: its name. */
  readonly path?: string;
}

/** A report for programs that show results of many tools. */
export function toSarif(report: CheckReport, { version, path = report.source.name }: SarifOptions = {}): SarifLog {
  const rules = [...CHECK_RULES.map(toRule), ...mistakes(report.findings)];
  const driver = { name: 'lamella', ...(version !== undefined && { semanticVersion: version }), rules };
  const results = report.findings.map((finding) => toResult(finding, rules, fileUri(path)));
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [{ tool: { driver }, columnKind: 'utf16CodeUnits', results }],
  };
}

function toRule({ name, description, page, severity, experimental }: RuleInfo): SarifRule {
  return {
    id: name,
    shortDescription: { text: description },
    help: { text: `${description} See ${page}.` },
    defaultConfiguration: { level: severity, enabled: !experimental },
  };
}

/** Codes of parser and planner have a rule only where they are used: there are many. */
function mistakes(findings: readonly Finding[]): readonly SarifRule[] {
  const codes = new Set(findings.filter(({ page }) => page === undefined).map(({ code }) => code));
  return Array.from(codes, (id) => ({
    id,
    shortDescription: { text: 'A mistake for which a build stops.' },
    defaultConfiguration: { level: 'error', enabled: true },
  }));
}

function toResult(
  { code, severity, message, hint, span, fix }: Finding,
  rules: readonly SarifRule[],
  uri: string,
): SarifResult {
  const { start, end } = span;
  const region = { startLine: start.line, startColumn: start.column, endLine: end.line, endColumn: end.column };
  return {
    ruleId: code,
    ruleIndex: rules.findIndex(({ id }) => id === code),
    level: severity,
    message: { text: hint === undefined ? message : `${message} (${hint})` },
    locations: [{ physicalLocation: { artifactLocation: { uri }, region } }],
    ...(fix && { fixes: [toFix(fix, uri, hint)] }),
  };
}

function toFix({ edits }: Fix, uri: string, hint = 'mend it'): SarifFix {
  const replacements = edits.map(({ start, end, text }) => ({
    deletedRegion: { charOffset: start, charLength: end - start },
    insertedContent: { text },
  }));
  return { description: { text: hint }, artifactChanges: [{ artifactLocation: { uri }, replacements }] };
}

/** A relative path stays a relative reference. */
function fileUri(name: string): string {
  const encoded = name.replaceAll('\\', '/').split('/').map(encodeURIComponent).join('/');
  return encoded.startsWith('/') ? `file://${encoded}` : encoded;
}
