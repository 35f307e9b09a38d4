import { isBuilderError, StepError } from '../../core/errors.ts';
import type { RunStep } from '../../plan/step.ts';
import type { RunMountRequest, RunRequest } from '../../rootfs/host-messages.ts';
import type { ActiveSnapshot, SandboxHost } from '../../rootfs/sandbox-host.ts';
import { locateError } from '../located-error.ts';
import type { Session } from '../session.ts';
import type { StepContext } from '../steps/context.ts';
import type { KeptMount } from '../steps/own-mounts.ts';
import type { FailedRun, FailureListener } from './failure-listener.ts';
import { createKeptRuns, keptDirectory, newKeptId } from './kept-runs.ts';
import { runShell } from './shell.ts';

interface Failure {
  readonly step: RunStep;
  readonly context: StepContext;
  readonly host: SandboxHost;
  readonly snapshot: ActiveSnapshot;
  readonly request: RunRequest;
  /** Of the step, as they can be made again. */
  readonly mounts: readonly KeptMount[];
}

/** Does with a failed command what the caller of the build wants done, and gives the error that the step ends with. */
export async function afterFailure(error: unknown, failure: Failure): Promise<unknown> {
  const { onError = 'fail' } = failure.context.session.options;
  if (onError === 'fail' || !isFailureOfCommand(error)) return error;
  if (onError === 'keep') return await keep(error, failure);
  await tell(onError, error, failure);
  return error;
}

/** It ended by itself, or took too long: the build was not aborted, and the root is worth a look. */
function isFailureOfCommand(error: unknown): error is StepError {
  return isBuilderError(error) && (error.code === 'STEP_EXIT_CODE' || error.code === 'STEP_TIMEOUT');
}

/** One after the other: there is one terminal. Whoever has seen enough ends the build, and those that wait with it. */
async function tell(listener: FailureListener, error: StepError, failure: Failure): Promise<void> {
  const { step, context, snapshot, request } = failure;
  const { session, info } = context;
  locateError(error, { span: step.instruction.span, source: step.source });
  await session.failureTurn.run(async () => {
    if (session.signal.aborted) return;
    const openShell: FailedRun['openShell'] = (terminal) =>
      runShell(terminal, { snapshot, request, shells: shellsOf(step) });
    try {
      await listener({ step: info, error, openShell });
    } catch (thrown) {
      session.fail(thrown);
      throw thrown;
    }
    session.fail(error);
  });
}

function shellsOf({ shell }: RunStep): string[] {
  return [...new Set([shell, '/bin/sh'])];
}

/** The first failure is what counts: one of keeping it is only mentioned. */
async function keep(error: StepError, failure: Failure): Promise<StepError> {
  const { session } = failure.context;
  try {
    const id = await keepRoot(error, failure);
    return withHint(error, `its root is kept: \`lamella shell ${id}${cacheDirOf(session)}\` enters it`, id);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return withHint(error, `its root could not be kept: ${reason}`);
  }
}

function cacheDirOf({ options }: Session): string {
  const { cacheDir } = options;
  if (cacheDir === undefined) return '';
  return ` --cache-dir ${/^[\w@%+=:,./-]+$/.test(cacheDir) ? cacheDir : `'${cacheDir.replaceAll("'", "'\\''")}'`}`;
}

async function keepRoot(
  error: StepError,
  { step, context, host, snapshot, request, mounts }: Failure,
): Promise<string> {
  const { session, info } = context;
  const id = newKeptId();
  const layerIds = await snapshot.keep(keptDirectory(id));
  await createKeptRuns(session.folders.kept).write({
    id,
    keptMs: Date.now(),
    step: info.text,
    stage: info.stage,
    ...(error.exitCode !== undefined && { exitCode: error.exitCode }),
    flavor: host.flavor,
    snapshotter: host.snapshotter.name,
    isolation: session.options.isolation ?? 'auto',
    layerIds,
    shells: shellsOf(step),
    request: withoutSecrets(request, step),
    mounts: [...mounts, ...scriptMounts(request)],
  });
  return id;
}

/** Variables that mounts set, and proxies, which may hold a password, are left out. */
function withoutSecrets(request: RunRequest, step: RunStep): Omit<RunRequest, 'argv' | 'mounts' | 'terminal'> {
  const { argv: _argv, mounts: _mounts, terminal: _terminal, ...rest } = request;
  const secret = step.mounts.flatMap((mount) =>
    mount.type === 'secret' && mount.env !== undefined ? [mount.env] : [],
  );
  const isSecret = (variable: string): boolean => secret.includes(variable.split('=', 1)[0] ?? '');
  return { ...rest, env: request.env.filter((variable) => !isSecret(variable) && !step.proxyEnv.includes(variable)) };
}

function scriptMounts({ mounts }: RunRequest): KeptMount[] {
  const isScript = (mount: RunMountRequest): boolean => mount.kind === 'file' && mount.target.startsWith('/dev/pipes/');
  return mounts.filter(isScript).map((request) => ({ request }));
}

function withHint(error: StepError, more: string, keptRun?: string): StepError {
  const { code, message, exitCode, output, hint, cause } = error;
  const hints = [hint, more].filter((part) => part !== undefined);
  return new StepError(code, message, { exitCode, output, cause, hint: hints.join('; '), keptRun });
}
