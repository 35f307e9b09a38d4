import { PlanError } from '../../core/errors.ts';
import type { NetworkMode } from '../../core/sandbox.ts';
import type { RunInstruction, Word } from '../../parser/instruction.ts';
import { buildArg } from '../build-args.ts';
import { type InstructionContext, type Outcome, placeOf } from '../instruction-context.ts';
import { declaredArgs } from '../scope.ts';
import { runtimeOf, type StageState } from '../stage-state.ts';
import type { RunStep } from '../step.ts';
import { workingDirectory } from '../working-directory.ts';
import { refuseDevices } from './devices.ts';
import { evaluateMounts } from './mounts.ts';
import { runCommand } from './run-command.ts';
import { runEnvironment } from './run-environment.ts';

/** RUN (reference, section 10). */
export function evaluateRun(instruction: RunInstruction, state: StageState, context: InstructionContext): Outcome {
  refuseDevices(instruction, context);
  const command = runCommand(instruction, state.config);
  if (command.argv.length === 0) throw emptyCommand(instruction, context);
  const mounts = evaluateMounts(instruction.mounts, state, context);
  const step: RunStep = {
    kind: 'run',
    instruction,
    source: context.source,
    createdBy: createdBy(command.argv, state),
    ...command,
    shell: runtimeOf(state).Shell?.[0] ?? '/bin/sh',
    ...runEnvironment(state, mounts, context.options),
    cwd: workingDirectory(state),
    user: runtimeOf(state).User ?? '',
    hostname: buildArg(context.options.buildArgs, 'BUILDKIT_SANDBOX_HOSTNAME') || 'buildkitsandbox',
    mounts,
    network: networkOf(instruction, context),
    security: securityOf(instruction, context),
  };
  return { state, step };
}

function createdBy(argv: readonly string[], state: StageState): string {
  const args = declaredArgs(state);
  return ['RUN', ...(args.length > 0 ? [`|${args.length}`, ...args] : []), ...argv, '# buildkit'].join(' ');
}

/** The parser has checked the words; `default` is the caller's. */
function networkOf({ network }: RunInstruction, context: InstructionContext): NetworkMode {
  const { options } = context;
  if (network?.text === 'none') return 'none';
  if (network?.text !== 'host') return options.network;
  // A caller who runs everything on the host's network has allowed it for each RUN.
  if (options.network !== 'host') requireEntitlement('network.host', network, context);
  return 'host';
}

function securityOf({ security }: RunInstruction, context: InstructionContext): RunStep['security'] {
  if (security?.text !== 'insecure') return 'sandbox';
  requireEntitlement('security.insecure', security, context);
  return 'insecure';
}

function requireEntitlement(name: 'network.host' | 'security.insecure', word: Word, context: InstructionContext): void {
  if (context.options.allow.includes(name)) return;
  throw new PlanError('PLAN_NOT_ALLOWED', `${JSON.stringify(word.text)} needs the entitlement ${name}`, {
    ...placeOf(context, word),
    hint: `allow it with --allow ${name}`,
  });
}

function emptyCommand(instruction: RunInstruction, context: InstructionContext): PlanError {
  return new PlanError('PLAN_EMPTY_COMMAND', 'RUN has no command', {
    ...placeOf(context, instruction.command),
    hint: 'name a program in the list',
  });
}
