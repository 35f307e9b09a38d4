import type { RunAnswer } from '../rootfs/host-messages.ts';
import type { CallContext } from './call.ts';
import { changesOf } from './changes.ts';
import { type CommandRequest, runCommand } from './run-command.ts';
import type { Workshop } from './workshop.ts';

export interface AnswerRequest extends CommandRequest {
  /** No other command follows in the snapshot when this one succeeds. */
  readonly isLast?: boolean;
}

/**
 * Runs a command and tells how it ended. After the last one that succeeds also what it changed: then what was mounted for
 * it goes, with the root itself, while the answer is on its way.
 */
export async function answerRun(
  workshop: Workshop,
  { isLast = false, ...request }: AnswerRequest,
  context: CallContext,
): Promise<RunAnswer> {
  const { snapshot } = request;
  const { result, marksSnapshot, cleanup } = await runCommand(workshop, request, context);
  const isDone = isLast && result.exitCode === 0;
  if (!isDone || marksSnapshot || !snapshot.keepsChangesApart) await cleanup.run();
  if (!isDone) return result;
  setImmediate(() => snapshot.hide(cleanup));
  return { ...result, changes: changesOf(snapshot) };
}
