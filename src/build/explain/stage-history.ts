import { alignSteps, likenessOfSteps } from './align-steps.ts';
import type { MissReason, NamedStep } from './miss-reason.ts';
import type { TracedBase, TracedStage, TracedStep } from './trace-file.ts';

/** A stage of this build, beside the same stage of an earlier one. */
export interface StageHistory {
  /** What a step stands for, by its position. */
  counterpart(position: number): TracedStep | undefined;
  /** Why the layers below a step are not those of the earlier build. */
  reasonBelow(position: number, made: ReadonlyMap<number, MadeStep>): MissReason;
}

/** A step of this build that is done. */
export interface MadeStep extends TracedStep {
  readonly named: NamedStep;
}

/** @param texts of the steps that make layers */
export function compareStage(earlier: TracedStage, base: TracedBase, texts: readonly string[]): StageHistory {
  const pairs = alignSteps(
    earlier.steps.map(({ text }) => text),
    texts,
  );
  const counterpart = (position: number): TracedStep | undefined => {
    const pair = pairs[position];
    return pair === undefined ? undefined : earlier.steps[pair];
  };
  return {
    counterpart,
    reasonBelow(position, made) {
      if (earlier.base.chain !== base.chain) return otherBase(earlier.base, base);
      for (let at = 0; at < position; at++) {
        const step = made.get(at);
        const reason = step && changeOf(step, counterpart(at));
        if (reason !== undefined) return reason;
      }
      return removedAbove(earlier.steps, pairs, position) ?? { kind: 'layers-below' };
    },
  };
}

function changeOf(step: MadeStep, before: TracedStep | undefined): MissReason | undefined {
  if (before === undefined) return { kind: 'step-above', step: step.named, change: 'added' };
  if (before.diffIds.join() === step.diffIds.join()) return undefined;
  return { kind: 'step-above', step: step.named, change: 'changed' };
}

function removedAbove(
  earlier: readonly TracedStep[],
  pairs: readonly (number | undefined)[],
  position: number,
): MissReason | undefined {
  const kept = new Set(pairs);
  const removed = earlier.slice(0, pairs[position] ?? 0).find((_, at) => !kept.has(at));
  return removed && { kind: 'step-above', step: { text: removed.text }, change: 'removed' };
}

function otherBase(before: TracedBase, now: TracedBase): MissReason {
  if (now.kind === 'stage' && before.kind === 'stage' && before.name === now.name) {
    return { kind: 'stage', stage: now.name };
  }
  if (before.name !== now.name) return { kind: 'base-image', reference: now.name, from: before.name, to: now.name };
  if (before.digest === undefined || now.digest === undefined) return { kind: 'base-image', reference: now.name };
  return { kind: 'base-image', reference: now.name, from: before.digest, to: now.digest };
}

interface SoughtStage {
  readonly platform: string;
  readonly name: string;
  readonly isNamed: boolean;
  readonly texts: readonly string[];
}

/**
 * The stage of an earlier build that a stage stands for: the one of its name, on its platform where there is one; for a
 * stage without a name, or with a new one, the one that has the most steps in common.
 */
export function findStage(stages: readonly TracedStage[], sought: SoughtStage): TracedStage | undefined {
  const scored = stages.map((stage) => ({ stage, score: scoreOf(stage, sought) })).filter(({ score }) => score > 0);
  return scored.sort((a, b) => b.score - a.score)[0]?.stage;
}

const BY_NAME = 1e6;

function scoreOf({ platform, name, steps }: TracedStage, sought: SoughtStage): number {
  const hasName = name === sought.name;
  const texts = steps.map(({ text }) => text);
  const likeness = 4 * likenessOfSteps(texts, sought.texts);
  const score = sought.isNamed && hasName ? BY_NAME : hasName ? likeness + 2 : likeness;
  return score === 0 ? 0 : score + (platform === sought.platform ? 1 : 0);
}
