import { type Diagnostic, ParseError } from '../core/errors.ts';
import type { SourceSpan, SourceText } from '../core/span.ts';
import { CHECK_RULES } from './check-rules.ts';
import { explore } from './explore.ts';
import type { Rule } from './rule.ts';
import { createRuleFilter, type RuleFilter } from './rule-filter.ts';
import type { CheckRequest, CheckScope } from './scope.ts';
import type { Fix } from './text-edit.ts';

/** A rule that is broken (`code` is its name), or a mistake for which a build would stop. */
export interface Finding extends Diagnostic {
  /** Path of the page about the rule; absent for mistakes. */
  readonly page?: string;
  /** Edits that make the Dockerfile keep the rule and mean the same. */
  readonly fix?: Fix;
}

export interface CheckReport {
  readonly source: SourceText;
  /** Absolute path of the Dockerfile, where it was read from a file. */
  readonly path?: string;
  /** In the order of the text. */
  readonly findings: readonly Finding[];
}

/**
 * Finds all that is wrong or doubtful in a Dockerfile, as far as it shows without building. Pure, apart from the tree
 * that it may be given.
 * @throws PlanError `PLAN_UNKNOWN_STAGE` for a target that there is none, `PLAN_FOREIGN_FRONTEND` for a file in another language; OptionError `OPTION_BAD_CHECK`
 */
export function checkDockerfile(request: CheckRequest, rules: readonly Rule[] = CHECK_RULES): CheckReport {
  const { dockerfile } = request;
  const { scope, errors } = explore(request);
  const filter = withError(createRuleFilter(dockerfile, request.buildArgs), request);
  const found = rules.flatMap((rule) => applyRule(rule, scope, filter));
  return { source: dockerfile.source, findings: withoutRepeats([...errors, ...found].sort(byPlace)) };
}

/** The error for which a build ends when a rule of severity `error` is broken, or any with `error=true`. */
export function lintViolation({ source, findings }: CheckReport): ParseError | undefined {
  const broken = findings.filter(({ page, severity }) => page !== undefined && severity === 'error');
  const [first] = broken;
  return (
    first &&
    violationOf(
      broken.map(({ code }) => code),
      first.span,
      source,
    )
  );
}

/** `span` is the first place. */
export function violationOf(rules: readonly string[], span: SourceSpan, source: SourceText): ParseError {
  const names = [...new Set(rules)].join(', ');
  const diagnostic: Diagnostic = {
    severity: 'error',
    code: 'PARSE_LINT_VIOLATION',
    message: `lint violation found for rules: ${names}`,
    hint: 'see the warnings above; `# check=skip=RULE` above an instruction makes an exception',
    span,
  };
  return new ParseError([diagnostic], source);
}

function withError(filter: RuleFilter, { error = false }: CheckRequest): RuleFilter {
  return error ? { ...filter, error } : filter;
}

function applyRule(rule: Rule, scope: CheckScope, filter: RuleFilter): readonly Finding[] {
  const severity = filter.error ? 'error' : rule.severity;
  return rule
    .find(scope)
    .filter(({ span }) => filter.reports(rule, span))
    .map((finding) => ({ severity, code: rule.name, page: rule.page, ...finding }));
}

function byPlace(a: Diagnostic, b: Diagnostic): number {
  return a.span.start.offset - b.span.start.offset;
}

function withoutRepeats(findings: readonly Finding[]): readonly Finding[] {
  const key = ({ code, message, span }: Finding): string =>
    `${span.start.offset} ${span.end.offset} ${code} ${message}`;
  return [...new Map(findings.toReversed().map((finding) => [key(finding), finding])).values()].reverse();
}
