import type { Step } from '../../plan/step.ts';
import type { StepLayer } from '../step-result.ts';
import type { StepContext } from './context.ts';
import { runAdd, runCopy } from './copy.ts';
import { runInstallation } from './npm.ts';
import { runCommand } from './run.ts';
import { runWorkdir } from './workdir.ts';

/** Carries out a step and gives its layers: one for most, several for an installation, none for a metadata step. */
export async function runStep(step: Step, context: StepContext): Promise<readonly StepLayer[]> {
  switch (step.kind) {
    case 'run':
      return (await runInstallation(step, context)) ?? [await runCommand(step, context)];
    case 'copy':
      return [await runCopy(step, context)];
    case 'add':
      return [await runAdd(step, context)];
    case 'workdir':
      return [await runWorkdir(step, context)];
    case 'metadata':
      return [];
  }
}
