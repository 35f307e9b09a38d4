import { closeSync } from 'node:fs';
import { StepError } from '../core/errors.ts';
import type { ProcessIdentity, SandboxRun } from '../core/sandbox.ts';
import { killProcessTree } from '../io/process-tree.ts';
import { type StartedProcess, startProcess } from '../io/start-process.ts';
import { openOutputPipe } from './output-pipe.ts';

/** A program of the host that runs a command for us. */
export interface SandboxProgram {
  readonly program: string;
  readonly args: readonly string[];
  /** Who will read and write the pipes. */
  readonly owner: ProcessIdentity;
  /** Called with what forks the program: it may put this thread into other namespaces, which the program inherits. */
  readonly around?: <T>(fork: () => T) => T;
  /** Working directory of the program. Default `/`. */
  readonly cwd?: string;
  /** Ends the program with all that it started. Default: kills the tree of its processes. */
  readonly end?: (pid: number) => void;
}

/** Programs of the host never see the environment of the command: it could make them load other libraries. */
const TOOL_ENVIRONMENT = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };

/**
 * Runs the program with null input, or in the run's terminal; resolves with its exit code when it has ended and its output
 * is taken.
 * @throws StepError `STEP_ABORTED`, `STEP_SANDBOX_FAILED`
 */
export async function runProgram(request: SandboxProgram, run: SandboxRun): Promise<number> {
  throwIfAborted(run);
  return run.terminal === undefined
    ? await runWithPipes(request, run)
    : await runInTerminal(request, run.terminal.path, run);
}

async function runWithPipes(request: SandboxProgram, run: SandboxRun): Promise<number> {
  const stdout = openOutputPipe('stdout', run.scratch, request.owner);
  const stderr = openOutputPipe('stderr', run.scratch, request.owner);
  const child = startWithPipes(confined(request, run), [stdout.fd, stderr.fd]);
  return await untilEnd(request, { child, run }, async (kill) => {
    const [exitCode] = await Promise.all([exitCodeOf(child, request.program), takeOutput([stdout, stderr], run, kill)]);
    return exitCode;
  });
}

function startWithPipes(request: SandboxProgram, pipes: readonly [number, number]): StartedProcess {
  try {
    return startProgram(request, pipes);
  } catch (error) {
    for (const fd of pipes) closeSync(fd);
    throw error;
  }
}

/** Opened first by the leader of a session of its own: so it becomes the controlling terminal (termios(3)). */
const IN_TERMINAL = 'terminal=$1; shift; exec <>"$terminal" >&0 2>&0; exec "$@"';

async function runInTerminal(request: SandboxProgram, terminal: string, run: SandboxRun): Promise<number> {
  const { program, args } = confined(request, run);
  const words = ['-c', IN_TERMINAL, 'sh', terminal, program, ...args];
  const child = startProgram({ ...request, program: 'sh', args: words });
  return await untilEnd(request, { child, run }, () => exitCodeOf(child, request.program));
}

/** Kills the program when the run is aborted. */
async function untilEnd(
  { end }: SandboxProgram,
  { child, run }: { readonly child: StartedProcess; readonly run: SandboxRun },
  wait: (kill: () => void) => Promise<number>,
): Promise<number> {
  const kill = (): void => killStarted(child, end);
  run.signal?.addEventListener('abort', kill, { once: true });
  try {
    const exitCode = await wait(kill);
    throwIfAborted(run);
    return exitCode;
  } finally {
    run.signal?.removeEventListener('abort', kill);
  }
}

/** In the network and the control groups of the run. */
function confined(request: SandboxProgram, run: SandboxRun): SandboxProgram {
  return inGroups(inNetwork(request, run), run);
}

/** nsenter(1) becomes the program: no process stands in between. */
function inNetwork(request: SandboxProgram, { networkNamespace }: SandboxRun): SandboxProgram {
  if (networkNamespace === undefined) return request;
  const { program, args } = request;
  return { ...request, program: 'nsenter', args: [`--net=${networkNamespace}`, '--', program, ...args] };
}

const JOIN = 'while [ "$1" != -- ]; do echo 0 >"$1" || exit; shift; done; shift; exec "$@"';

/** A shell becomes the program, once it has entered the control groups. */
function inGroups(request: SandboxProgram, { joinFiles = [] }: SandboxRun): SandboxProgram {
  if (joinFiles.length === 0) return request;
  const { program, args } = request;
  return { ...request, program: 'sh', args: ['-c', JOIN, 'sh', ...joinFiles, '--', program, ...args] };
}

function startProgram(request: SandboxProgram, output?: readonly [number, number]): StartedProcess {
  const { program, args, around = (fork) => fork(), cwd = '/' } = request;
  return around(() => startProcess({ program, args, env: TOOL_ENVIRONMENT, cwd, output }));
}

function killStarted({ pid, isRunning }: StartedProcess, end = killProcessTree): void {
  if (pid !== undefined && isRunning) end(pid);
}

/** When nobody takes the output any more, the command ends too. */
async function takeOutput(
  pipes: readonly ReturnType<typeof openOutputPipe>[],
  { onOutput }: SandboxRun,
  kill: () => void,
): Promise<void> {
  try {
    await Promise.all(pipes.map((pipe) => pipe.drain(onOutput)));
  } catch (error) {
    kill();
    throw error;
  }
}

async function exitCodeOf({ ended }: StartedProcess, program: string): Promise<number> {
  try {
    return await ended;
  } catch (cause) {
    throw sandboxFailed(`cannot start ${program}: ${cause instanceof Error ? cause.message : cause}`, [], cause);
  }
}

function throwIfAborted({ signal }: SandboxRun): void {
  if (signal?.aborted !== true) return;
  throw new StepError('STEP_ABORTED', 'the command was aborted', { cause: signal.reason });
}

/** The command was not started: something of the sandbox around it failed. */
export function sandboxFailed(message: string, output: readonly string[], cause?: unknown): StepError {
  return new StepError('STEP_SANDBOX_FAILED', message, {
    hint: 'choose another method with --isolation, or see lamella doctor',
    output,
    cause,
  });
}
