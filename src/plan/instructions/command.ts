import type { ImageConfig } from '../../core/image.ts';
import type { CmdInstruction, Command, EntrypointInstruction, ShellInstruction } from '../../parser/instruction.ts';
import { formatList, formatQuotedList } from '../created-by.ts';
import { type InstructionContext, type MetadataOutcome, warn } from '../instruction-context.ts';
import { runtimeOf, type StageState, withoutRuntime, withRuntime } from '../stage-state.ts';

/** Puts the stage's shell in front of a text (reference, sections 9 and 10). */
export function shellCommand(text: string, config: ImageConfig): readonly string[] {
  const shell = config.config?.Shell ?? [];
  if (shell.length > 0) return [...shell, text];
  return config.os === 'windows' ? ['cmd', '/S', '/C', text] : ['/bin/sh', '-c', text];
}

/** CMD (reference, section 9). */
export function evaluateCmd(
  instruction: CmdInstruction,
  state: StageState,
  context: InstructionContext,
): MetadataOutcome {
  const argv = commandArgv(instruction, state, context);
  const next = withRuntime({ ...state, commandGiven: true }, { ArgsEscaped: true });
  return { state: setArgv(next, 'Cmd', argv), createdBy: `CMD ${formatQuotedList(argv)}` };
}

/** ENTRYPOINT (reference, section 9): clears a Cmd that the stage inherited. */
export function evaluateEntrypoint(
  instruction: EntrypointInstruction,
  state: StageState,
  context: InstructionContext,
): MetadataOutcome {
  const argv = commandArgv(instruction, state, context);
  const next = state.commandGiven ? state : withoutRuntime(state, 'Cmd');
  return { state: setArgv(next, 'Entrypoint', argv), createdBy: `ENTRYPOINT ${formatQuotedList(argv)}` };
}

/** SHELL (reference, section 9). */
export function evaluateShell(instruction: ShellInstruction, state: StageState): MetadataOutcome {
  return { state: withRuntime(state, { Shell: instruction.argv }), createdBy: `SHELL ${formatList(instruction.argv)}` };
}

function commandArgv(
  instruction: CmdInstruction | EntrypointInstruction,
  state: StageState,
  context: InstructionContext,
): readonly string[] {
  const { command, kind } = instruction;
  if (command.form === 'exec') return command.argv;
  warnShellForm(kind, command, state, context);
  return shellCommand(command.text, state.config);
}

function warnShellForm(kind: string, command: Command, state: StageState, context: InstructionContext): void {
  if ((runtimeOf(state).Shell ?? []).length > 0) return;
  warn(context, {
    rule: 'JSONArgsRecommended',
    message: `${kind} in shell form: the shell, not the program, gets the signals`,
    span: command.span,
    hint: `write ${kind} ["program", "argument"], or name the shell with SHELL`,
  });
}

/** An empty list is left out of the config. */
function setArgv(state: StageState, key: 'Cmd' | 'Entrypoint', argv: readonly string[]): StageState {
  return argv.length === 0 ? withoutRuntime(state, key) : withRuntime(state, { [key]: argv });
}
