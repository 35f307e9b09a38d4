import type { NetworkMode } from '../core/sandbox.ts';
import type { SourceSpan, SourceText } from '../core/span.ts';
import { suggest } from '../core/suggest.ts';
import type { BuildArgs } from './build-args.ts';
import { createExpander, type Expander } from './expander.ts';
import type { ExpansionBudget } from './expansion-budget.ts';
import type { BuildGraph, Stage } from './graph.ts';
import type { Place } from './located.ts';
import type { ContextLookup } from './origins.ts';
import { isKnownVariable, knownVariables, lookupVariable } from './scope.ts';
import type { StageState } from './stage-state.ts';
import type { Step } from './step.ts';
import type { WarningListener } from './warning.ts';

/** What evaluation takes from the caller. */
export interface EvaluateOptions {
  readonly buildArgs: BuildArgs;
  /** Network of a RUN that names none. */
  readonly network: NetworkMode;
  /** Entitlements for `--network=host` and `--security=insecure`. */
  readonly allow: readonly ('network.host' | 'security.insecure')[];
  /** `fixed` shows RUN the constant time of the layers as SOURCE_DATE_EPOCH (design 5, "Times"). */
  readonly timestamps: 'fixed' | 'preserve';
  /** Value of `ARG SOURCE_DATE_EPOCH` where the build arguments have none. */
  readonly sourceDateEpoch?: string;
  /** What a `--build-context` of that name stands for. Default: there is none. */
  readonly lookupContext?: ContextLookup;
  /** Shared by all stages of a build. Default: none. */
  readonly budget?: ExpansionBudget;
}

/** What every instruction of a stage shares. */
export interface InstructionContext {
  readonly graph: BuildGraph;
  readonly stage: Stage;
  readonly options: EvaluateOptions;
  /** The text in which the instruction stands. */
  readonly source: SourceText;
  readonly onWarning: WarningListener;
}

/** What an instruction makes of a stage: ONBUILD gives no step. */
export interface Outcome {
  readonly state: StageState;
  readonly step?: Step;
}

/** What an instruction makes of a stage when it only touches the configuration. */
export interface MetadataOutcome {
  readonly state: StageState;
  readonly createdBy: string;
}

export function placeOf(context: InstructionContext, { span }: { readonly span: SourceSpan }): Place {
  return { span, source: context.source };
}

export interface LintWarning {
  /** Name of the rule (reference, section 17). */
  readonly rule: string;
  readonly message: string;
  readonly span: SourceSpan;
  readonly hint?: string | undefined;
}

export function warn({ onWarning, source }: InstructionContext, { rule, message, span, hint }: LintWarning): void {
  onWarning({ severity: 'warning', code: rule, message, span, ...(hint !== undefined && { hint }) }, source);
}

/** Expands with the variables of `state`; a name that was never declared is a warning. */
export function stageExpander(state: StageState, context: InstructionContext): Expander {
  return createExpander({
    lookup: (name) => lookupVariable(state, name),
    source: context.source,
    escape: context.graph.escape,
    budget: context.options.budget,
    onUndefined: (name, span) => {
      if (!isKnownVariable(state, name)) warn(context, undefinedVariable(name, span, knownVariables(state)));
    },
  });
}

function undefinedVariable(name: string, span: SourceSpan, known: readonly string[]): LintWarning {
  const near = suggest(name, known);
  return {
    rule: 'UndefinedVar',
    message: `variable $${name} is not set`,
    span,
    hint: near === undefined ? `declare it with ARG ${name} or set it with ENV` : `did you mean $${near}?`,
  };
}
