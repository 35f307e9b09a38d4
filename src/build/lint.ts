import { checkDockerfile, violationOf } from '../checks/check-dockerfile.ts';
import { CHECK_RULES } from '../checks/check-rules.ts';
import { createRuleFilter } from '../checks/rule-filter.ts';
import type { CheckIgnore } from '../checks/scope.ts';
import type { Diagnostic } from '../core/errors.ts';
import type { SourceSpan, SourceText } from '../core/span.ts';
import type { Dockerfile } from '../parser/dockerfile.ts';
import type { BuildGraph } from '../plan/graph.ts';
import type { ContextLookup } from '../plan/origins.ts';
import type { Settings } from './defaults.ts';
import type { BuildEvent } from './events.ts';

/** Tells of broken rules while a build runs, and ends it where the Dockerfile says that they are errors. */
export interface Lint {
  /** A warning of parser, planner or build: told, unless the Dockerfile does not want to hear of it. */
  warn(warning: Diagnostic, source?: SourceText): void;
  /** A warning of what a build has cost: told once of each kind, and never a reason to fail. */
  advise(warning: Diagnostic, source?: SourceText): void;
  /**
   * Tells of all that shows in the text.
   * @throws ParseError `PARSE_LINT_VIOLATION`
   */
  checkText(graph: BuildGraph): void;
  /** @throws ParseError `PARSE_LINT_VIOLATION` with `error=true`, when something was told */
  assertKept(): void;
}

const START = { offset: 0, line: 1, column: 1 };
const FILE_START: SourceSpan = { start: START, end: START };

export interface LintRequest extends Pick<Settings, 'buildArgs' | 'ignoreSyntax' | 'platform' | 'buildPlatform'> {
  readonly ignore: CheckIgnore | undefined;
  readonly lookupContext: ContextLookup;
  readonly emit: (event: BuildEvent) => void;
}

const OWN_RULES = CHECK_RULES.filter(({ reported }) => !reported);

export function createLint(dockerfile: Dockerfile, { ignore, emit, ...settings }: LintRequest): Lint {
  const { source, diagnostics } = dockerfile;
  const filter = createRuleFilter(dockerfile, settings.buildArgs);
  const advised = new Set<string>();
  const told: { readonly rule: string; readonly span: SourceSpan }[] = [];

  function tell(diagnostic: Diagnostic, place = diagnostic.span): void {
    told.push({ rule: diagnostic.code, span: place });
    emit({ type: 'warning', diagnostic: { ...diagnostic, severity: 'warning' } });
  }

  function isWanted({ code, span }: Diagnostic, inTrigger: boolean): boolean {
    return filter.reports({ name: code, experimental: false }, inTrigger ? undefined : span);
  }

  function warn(warning: Diagnostic, text: SourceText = source): void {
    const inTrigger = text !== source;
    if (isWanted(warning, inTrigger)) tell(warning, inTrigger ? FILE_START : warning.span);
  }

  function advise(warning: Diagnostic, text: SourceText = source): void {
    if (advised.has(warning.code) || !isWanted(warning, text !== source)) return;
    advised.add(warning.code);
    const { span: _span, ...withoutPlace } = warning;
    emit({ type: 'warning', diagnostic: text === source ? warning : withoutPlace });
  }

  function assertKept(): void {
    const [first] = told;
    if (!filter.error || first === undefined) return;
    throw violationOf(
      told.map(({ rule }) => rule),
      first.span,
      source,
    );
  }

  return {
    warn,
    advise,
    checkText(graph) {
      for (const diagnostic of diagnostics) if (diagnostic.severity === 'warning') warn(diagnostic);
      const target = graph.stages[graph.target]?.name;
      const request = {
        dockerfile,
        ...settings,
        stages: 'needed',
        ...(target && { target }),
        ...(ignore && { ignore }),
      } as const;
      const { findings } = checkDockerfile(request, OWN_RULES);
      for (const { page, fix: _fix, ...finding } of findings) if (page !== undefined) tell(finding);
      assertKept();
    },
    assertKept,
  };
}
