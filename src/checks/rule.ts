import type { Diagnostic } from '../core/errors.ts';
import type { SourceSpan } from '../core/span.ts';
import type { CheckScope } from './scope.ts';
import type { Fix, TextEdit } from './text-edit.ts';

/** What is known of a rule without any Dockerfile. */
export interface RuleInfo {
  /** Stable, for `skip=` and for programs. */
  readonly name: string;
  /** What the rule asks for, one sentence. */
  readonly description: string;
  /** Path of the page about it in the repository. */
  readonly page: string;
  readonly severity: Diagnostic['severity'];
  /** Off unless `experimental=` names it. */
  readonly experimental: boolean;
  /** Whether some of its findings can be fixed by a machine. */
  readonly fixable: boolean;
  /** Found by parser or planner, which tell of it in every build. */
  readonly reported: boolean;
}

/** A place where a Dockerfile breaks a rule. */
export interface RuleFinding {
  readonly message: string;
  readonly hint?: string;
  readonly span: SourceSpan;
  readonly fix?: Fix;
}

export interface Rule extends RuleInfo {
  readonly find: (scope: CheckScope) => readonly RuleFinding[];
}

/** A place, and what the message of the rule says of it. */
export interface Found<Facts> {
  readonly span: SourceSpan;
  readonly facts: Facts;
}

export interface RuleSpec<Facts> {
  readonly name: string;
  readonly description: string;
  /** Default `warning`. */
  readonly severity?: Diagnostic['severity'];
  /** Default false. */
  readonly experimental?: boolean;
  /** Default false. */
  readonly reported?: boolean;
  readonly find: (scope: CheckScope) => readonly Found<Facts>[];
  readonly message: (facts: Facts) => string;
  readonly hint?: (facts: Facts) => string | undefined;
  /** Edits after which the file means the same and keeps the rule; `undefined` where that is not certain. */
  readonly fix?: (found: Found<Facts>, scope: CheckScope) => readonly TextEdit[] | undefined;
}

export function defineRule<Facts>(spec: RuleSpec<Facts>): Rule {
  const { name, description, severity = 'warning', experimental = false, reported = false } = spec;
  return {
    name,
    description,
    page: `docs/checks/${name}.md`,
    severity,
    experimental,
    fixable: spec.fix !== undefined,
    reported,
    find: (scope) => spec.find(scope).map((found) => toFinding(found, spec, scope)),
  };
}

function toFinding<Facts>(found: Found<Facts>, spec: RuleSpec<Facts>, scope: CheckScope): RuleFinding {
  const hint = spec.hint?.(found.facts);
  const edits = spec.fix?.(found, scope);
  return {
    message: spec.message(found.facts),
    span: found.span,
    ...(hint !== undefined && { hint }),
    ...(edits !== undefined && { fix: { edits } }),
  };
}

/** A rule that parser or planner find and put into words: `code` of their warnings is its name. */
export function reportedRule(spec: Pick<RuleSpec<Diagnostic>, 'name' | 'description' | 'fix'>): Rule {
  return defineRule<Diagnostic>({
    ...spec,
    reported: true,
    find: ({ warnings }) =>
      warnings.filter(({ code }) => code === spec.name).map((warning) => ({ span: warning.span, facts: warning })),
    message: ({ message }) => message,
    hint: ({ hint }) => hint,
  });
}
