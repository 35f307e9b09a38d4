import { cleanPath } from '../../core/paths.ts';
import type { WorkdirInstruction } from '../../parser/instruction.ts';
import { type InstructionContext, type Outcome, stageExpander, warn } from '../instruction-context.ts';
import { runtimeOf, type StageState, withRuntime } from '../stage-state.ts';
import { workingDirectory } from '../working-directory.ts';

/** WORKDIR (reference, section 9): a relative path is joined and cleaned, an absolute one stored as written. */
export function evaluateWorkdir(
  instruction: WorkdirInstruction,
  state: StageState,
  context: InstructionContext,
): Outcome {
  const written = stageExpander(state, context).word(instruction.path);
  if (!written.startsWith('/') && !state.workdirGiven) warnRelative(instruction, written, context);
  const WorkingDir = written.startsWith('/') ? written : cleanPath(`${workingDirectory(state)}/${written}`);
  const next = withRuntime({ ...state, workdirGiven: true }, { WorkingDir });
  const step = { instruction, source: context.source, createdBy: `WORKDIR ${WorkingDir}` };
  const path = cleanPath(WorkingDir);
  if (path === '/') return { state: next, step: { ...step, kind: 'metadata' } };
  return { state: next, step: { ...step, kind: 'workdir', path, user: runtimeOf(state).User ?? '' } };
}

function warnRelative(instruction: WorkdirInstruction, path: string, context: InstructionContext): void {
  warn(context, {
    rule: 'WorkdirRelativePath',
    message: `the first WORKDIR ${JSON.stringify(path)} is relative: it depends on the base image`,
    span: instruction.path.span,
    hint: 'write an absolute path',
  });
}
