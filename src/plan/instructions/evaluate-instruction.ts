import type { Instruction } from '../../parser/instruction.ts';
import type { InstructionContext, MetadataOutcome, Outcome } from '../instruction-context.ts';
import type { StageState } from '../stage-state.ts';
import { evaluateAdd } from './add.ts';
import { evaluateArg } from './arg.ts';
import { evaluateCmd, evaluateEntrypoint, evaluateShell } from './command.ts';
import { evaluateCopy } from './copy.ts';
import { evaluateEnv } from './env.ts';
import { evaluateExpose } from './expose.ts';
import { evaluateHealthcheck } from './healthcheck.ts';
import { evaluateLabel } from './label.ts';
import { evaluateMaintainer } from './maintainer.ts';
import { evaluateOnbuild } from './onbuild.ts';
import { evaluateRun } from './run.ts';
import { evaluateStopsignal } from './stopsignal.ts';
import { evaluateUser } from './user.ts';
import { evaluateVolume } from './volume.ts';
import { evaluateWorkdir } from './workdir.ts';

/** What one instruction of a stage makes of it. FROM stands between stages and makes nothing. */
export function evaluateInstruction(instruction: Instruction, state: StageState, context: InstructionContext): Outcome {
  switch (instruction.kind) {
    case 'FROM':
      return { state };
    case 'ONBUILD':
      return evaluateOnbuild(instruction, state);
    case 'RUN':
      return evaluateRun(instruction, state, context);
    case 'COPY':
      return evaluateCopy(instruction, state, context);
    case 'ADD':
      return evaluateAdd(instruction, state, context);
    case 'WORKDIR':
      return evaluateWorkdir(instruction, state, context);
    default: {
      const { state: next, createdBy } = evaluateMetadata(instruction, state, context);
      return { state: next, step: { kind: 'metadata', instruction, source: context.source, createdBy } };
    }
  }
}

type LayerInstructionKind = 'FROM' | 'ONBUILD' | 'RUN' | 'COPY' | 'ADD' | 'WORKDIR';

function evaluateMetadata(
  instruction: Exclude<Instruction, { readonly kind: LayerInstructionKind }>,
  state: StageState,
  context: InstructionContext,
): MetadataOutcome {
  switch (instruction.kind) {
    case 'ARG':
      return evaluateArg(instruction, state, context);
    case 'ENV':
      return evaluateEnv(instruction, state, context);
    case 'LABEL':
      return evaluateLabel(instruction, state, context);
    case 'CMD':
      return evaluateCmd(instruction, state, context);
    case 'ENTRYPOINT':
      return evaluateEntrypoint(instruction, state, context);
    case 'SHELL':
      return evaluateShell(instruction, state);
    case 'HEALTHCHECK':
      return evaluateHealthcheck(instruction, state);
    case 'EXPOSE':
      return evaluateExpose(instruction, state, context);
    case 'VOLUME':
      return evaluateVolume(instruction, state, context);
    case 'USER':
      return evaluateUser(instruction, state, context);
    case 'STOPSIGNAL':
      return evaluateStopsignal(instruction, state, context);
    case 'MAINTAINER':
      return evaluateMaintainer(instruction, state);
  }
}
