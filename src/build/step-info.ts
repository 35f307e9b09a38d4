import { redactAddresses } from '../core/git-url.ts';
import type { Instruction } from '../parser/instruction.ts';
import type { Stage } from '../plan/graph.ts';
import type { Step } from '../plan/step.ts';
import type { StepInfo } from './events.ts';

/** Numbers steps through the whole build. */
export type NextStepId = () => number;

export function createStepIds(): NextStepId {
  let last = 0;
  return () => ++last;
}

interface StepPlace {
  readonly stage: Stage;
  readonly instruction: Instruction;
  /** Position among the steps of the stage that make a layer, from 1. */
  readonly index: number;
  readonly total: number;
  /** False for the trigger of a base image, which stands in no line of the Dockerfile. */
  readonly inDockerfile: boolean;
}

export function stepInfo(id: number, { stage, instruction, index, total, inDockerfile }: StepPlace): StepInfo {
  return {
    id,
    stage: stageName(stage),
    index,
    total,
    text: stepText(instruction),
    line: inDockerfile ? instruction.span.start.line : 0,
  };
}

/** Its name, or one by its position. */
export function stageName({ name, index }: Pick<Stage, 'name' | 'index'>): string {
  return name ?? `stage-${index}`;
}

/** An instruction as written, on one line, without passwords. */
export function stepText({ logicalText }: Pick<Instruction, 'logicalText'>): string {
  return redactAddresses(logicalText);
}

/** The steps that people see: those which make a layer. */
export function isVisible(step: Step): boolean {
  return step.kind !== 'metadata';
}
