import { type BuilderError, type Diagnostic, isBuilderError } from '../core/errors.ts';
import type { SourceSpan, SourceText } from '../core/span.ts';
import { evaluateGraph, type StageOutcome } from '../plan/evaluate-graph.ts';
import { foreignFrontend } from '../plan/frontend.ts';
import type { BuildGraph, Stage } from '../plan/graph.ts';
import { planBuild, splitStages } from '../plan/plan-build.ts';
import type { CheckRequest, CheckScope } from './scope.ts';

export interface Exploration {
  readonly scope: CheckScope;
  /** Of parser and planner: for each of them a build would stop. */
  readonly errors: readonly Diagnostic[];
}

/**
 * Plans and evaluates what can be planned and evaluated. Rules that only look at the text are served in any case.
 * @throws PlanError for a target that there is none, and for a file of another frontend
 */
export function explore(request: CheckRequest): Exploration {
  const { dockerfile } = request;
  const foreign = foreignFrontend(dockerfile, request);
  if (foreign !== undefined) throw foreign;
  const mistakes = dockerfile.diagnostics.filter(({ severity }) => severity === 'error');
  const warnings = dockerfile.diagnostics.filter(({ severity }) => severity === 'warning');
  const { declarations: globalArgs, sections } = splitStages(dockerfile.instructions);
  const scope = { dockerfile, request, globalArgs, sections };
  const { graph, error } = mistakes.length > 0 ? { error: mistakes } : plan(request, warnings);
  if (graph === undefined) return { scope: { ...scope, outcomes: [], warnings }, errors: error };
  const outcomes = evaluate(graph, request, warnings);
  const errors = outcomes.flatMap((outcome) =>
    outcome.error ? [toDiagnostic(outcome.error, request, outcome.stage)] : [],
  );
  return { scope: { ...scope, graph, outcomes, warnings }, errors };
}

type Planned =
  | { readonly graph: BuildGraph; readonly error?: never }
  | { readonly graph?: never; readonly error: readonly Diagnostic[] };

function plan(request: CheckRequest, warnings: Diagnostic[]): Planned {
  const { dockerfile, buildArgs = {} } = request;
  const onWarning = (warning: Diagnostic): void => void warnings.push(warning);
  try {
    return { graph: planBuild(dockerfile, { ...request, buildArgs, onWarning }) };
  } catch (error) {
    if (!isBuilderError(error) || error.span === undefined) throw error;
    return { error: [withPlace(error, error.span)] };
  }
}

function evaluate(graph: BuildGraph, request: CheckRequest, warnings: Diagnostic[]): readonly StageOutcome[] {
  const { buildArgs = {} } = request;
  const heard: { readonly stage: Stage; readonly warning: Diagnostic }[] = [];
  const outcomes = evaluateGraph({
    ...request,
    graph,
    buildArgs,
    onWarning: (stage, warning, source) => {
      heard.push({ stage, warning: { ...warning, span: placeIn(request, source, warning.span, stage) } });
    },
  });
  const all = (request.stages ?? (request.target === undefined ? 'all' : 'needed')) === 'all';
  const checked = outcomes.filter(({ stage }) => all || graph.reachable.includes(stage.index));
  for (const { stage, warning } of heard) {
    const outcome = checked.find((candidate) => candidate.stage === stage);
    if (outcome !== undefined) warnings.push(outcome.baseKnown ? warning : withDoubt(warning));
  }
  return checked;
}

/** What a base image sets is not known here. */
function withDoubt(warning: Diagnostic): Diagnostic {
  if (warning.code !== 'UndefinedVar') return warning;
  return { ...warning, hint: `${warning.hint ?? ''} (the base image was not asked)`.trim() };
}

function toDiagnostic(error: BuilderError, request: CheckRequest, stage: Stage): Diagnostic {
  return withPlace(error, error.span ? placeIn(request, error.source, error.span, stage) : stage.from.span);
}

/** What stands in a trigger of a base has its place at the FROM that brings it in. */
function placeIn(
  { dockerfile }: CheckRequest,
  source: SourceText | undefined,
  span: SourceSpan,
  stage: Stage,
): SourceSpan {
  return source === undefined || source === dockerfile.source ? span : stage.from.span;
}

function withPlace({ code, message, hint }: BuilderError, span: SourceSpan): Diagnostic {
  return { severity: 'error', code, message, span, ...(hint !== undefined && { hint }) };
}
