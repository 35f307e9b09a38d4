import { PlanError } from '../core/errors.ts';
import { type Platform, parsePlatform } from '../core/platform.ts';
import type { SourceText } from '../core/span.ts';
import type { FromInstruction, Instruction } from '../parser/instruction.ts';
import type { Expander } from './expander.ts';
import type { Stage, StageBase } from './graph.ts';
import { instructionOrigins } from './instruction-origins.ts';
import { asPlanError, type Place } from './located.ts';
import { latestStage } from './origins.ts';

/** A FROM and what stands between it and the next. */
export interface StageSection {
  readonly from: FromInstruction;
  readonly instructions: readonly Instruction[];
}

export interface StagePlanScope {
  readonly source: SourceText;
  /** Names of all stages, lower case, in order. */
  readonly names: readonly (string | undefined)[];
  readonly hasContext: (name: string) => boolean;
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
  const replaced = name !== undefined && scope.hasContext(name);
  const base: StageBase = replaced ? { kind: 'context', name } : resolveBase(reference, index, scope);
  const instructions = replaced ? [] : section.instructions;
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

function resolveBase(reference: string, index: number, { names, hasContext }: StagePlanScope): StageBase {
  const stage = latestStage(reference, names, index);
  if (stage !== undefined) return { kind: 'stage', index: stage };
  if (reference === 'scratch') return { kind: 'scratch' };
  if (hasContext(reference)) return { kind: 'context', name: reference };
  return { kind: 'image', reference };
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
