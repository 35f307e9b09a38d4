import { PlanError } from '../core/errors.ts';
import { type Platform, parsePlatform } from '../core/platform.ts';
import type { SourceText } from '../core/span.ts';
import type { FromInstruction, Instruction } from '../parser/instruction.ts';
import type { Expander } from './expander.ts';
import type { Stage, StageBase } from './graph.ts';
import { instructionOrigins } from './instruction-origins.ts';
import { asPlanError, type Place } from './located.ts';
import { type ContextLookup, latestStage, stageOfContext } from './origins.ts';

/** A FROM and what stands between it and the next. */
export interface StageSection {
  readonly from: FromInstruction;
  readonly instructions: readonly Instruction[];
}

export interface StagePlanScope {
  readonly source: SourceText;
  /** Names of all stages, lower case, in order. */
  readonly names: readonly (string | undefined)[];
  readonly lookupContext: ContextLookup;
  /** Over the global ARGs. */
  readonly expander: Expander;
}

/** Resolves one FROM and what its stage needs of the `earlier` stages (reference, section 8). */
export function planStage(section: StageSection, earlier: readonly Stage[], scope: StagePlanScope): Stage {
  const { from } = section;
  const index = earlier.length;
  const name = scope.names[index];
  const reference = expandReference(from, scope);
  const platform = from.platform && expandPlatform(from.platform, scope);
  const at = { ...scope, current: index, place: { span: from.span, source: scope.source } };
  const replacement = name === undefined ? undefined : baseOfContext(name, at);
  const base = replacement ?? resolveBase(reference, at);
  const instructions = replacement === undefined ? section.instructions : [];
  const inherited = base.kind === 'stage' ? earlier[base.index] : undefined;
  const executed = [...(inherited?.instructions ?? []).flatMap(triggerOf), ...instructions];
  return {
    index,
    ...(name !== undefined && { name }),
    from,
    base,
    ...stagePlatform(base, platform, inherited),
    instructions,
    dependencies: stageDependencies(base, executed, { ...scope, current: index }),
  };
}

function expandReference(from: FromInstruction, { expander, source }: StagePlanScope): string {
  const reference = expander.word(from.image);
  if (reference.trim() !== '') return reference;
  throw new PlanError('PLAN_BLANK_IMAGE', `the base of a stage is blank: ${JSON.stringify(from.image.text)}`, {
    span: from.image.span,
    source,
    hint: 'give the variable a default in an ARG above the first FROM, or a value with --build-arg',
  });
}

function expandPlatform(word: NonNullable<FromInstruction['platform']>, scope: StagePlanScope): Platform {
  const place: Place = { span: word.span, source: scope.source };
  return asPlanError('PLAN_BAD_PLATFORM', place, () => parsePlatform(scope.expander.word(word)));
}

/** A stage has the platform of its base stage; scratch, which has none, that of the target (reference, section 8). */
function stagePlatform(
  base: StageBase,
  asked: Platform | undefined,
  inherited: Stage | undefined,
): Pick<Stage, 'platform'> {
  const platform = inherited ? inherited.platform : asked;
  return platform === undefined || base.kind === 'scratch' ? {} : { platform };
}

type ReferringScope = StagePlanScope & { readonly current: number; readonly place: Place };

function resolveBase(reference: string, scope: ReferringScope): StageBase {
  const stage = latestStage(reference, scope.names, scope.current);
  if (stage !== undefined) return { kind: 'stage', index: stage };
  if (reference === 'scratch') return { kind: 'scratch' };
  return baseOfContext(reference, scope) ?? { kind: 'image', reference };
}

/** What stands in for a base or a stage of that name, where there is a context for it (reference, section 18). */
function baseOfContext(name: string, scope: ReferringScope): StageBase | undefined {
  const context = scope.lookupContext(name);
  if (context === undefined) return undefined;
  if (context === 'outside') return { kind: 'context', name };
  return { kind: 'stage', index: stageOfContext(name, context.stage, scope) };
}

function triggerOf(instruction: Instruction): Instruction[] {
  return instruction.kind === 'ONBUILD' ? [instruction.instruction] : [];
}

function stageDependencies(
  base: StageBase,
  instructions: readonly Instruction[],
  scope: StagePlanScope & { readonly current: number },
): readonly number[] {
  const origins = instructions.flatMap((instruction) => instructionOrigins(instruction, scope.source, scope));
  const indexes = [base, ...origins.map(({ origin }) => origin)].flatMap((origin) =>
    origin.kind === 'stage' ? [origin.index] : [],
  );
  return [...new Set(indexes)].sort((a, b) => a - b);
}
