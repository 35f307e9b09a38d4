import { randomBytes } from 'node:crypto';
import { closeSync, constants, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { IsolationMethod, Sandbox, SandboxCommand, SandboxRun } from '../core/sandbox.ts';
import type { TerminalSize } from '../core/terminal.ts';
import { GROUP_PREFIX } from '../io/control-group.ts';
import { loadLibc } from '../io/libc/libc.ts';
import { missingCommandCode } from './find-command.ts';
import { ociConfig } from './oci-config.ts';
import { runProgram, sandboxFailed } from './program.ts';
import { sealedProgram } from './sealed-program.ts';

export interface OciRuntimeOptions {
  readonly program: string;
  /** `CapBnd` of this process. */
  readonly capabilities: string;
  readonly canSetGroups: boolean;
}

export interface OciRuntime extends OciRuntimeOptions {
  readonly method: IsolationMethod;
  /** Options of this runtime before `run`. */
  readonly globalArguments: readonly string[];
  /** For commands that are filtered: annotations of the configuration by which this runtime does it sooner. */
  readonly filterAnnotations?: () => Readonly<Record<string, string>>;
  /** Before a container is made. */
  readonly announce?: (container: string) => void;
  /** Takes away what the runtime leaves of a container when it is killed. */
  readonly release?: (container: string) => Promise<void>;
}

/** Runs commands with a program that obeys the OCI runtime specification. */
export function createOciRuntime(runtime: OciRuntime): Sandbox {
  return {
    method: runtime.method,
    async run(root, command, run) {
      const bundle = join(run.scratch, 'bundle');
      mkdirSync(bundle);
      const { filterAnnotations, capabilities, canSetGroups } = runtime;
      const window = run.terminal?.size;
      const config = ociConfig(root, command, { capabilities, canSetGroups, filterAnnotations, window });
      writeFileSync(join(bundle, 'config.json'), JSON.stringify(config));
      run.terminal?.onResize((size) => resizeInner(root, size));
      const container = `${GROUP_PREFIX}${randomBytes(8).toString('hex')}`;
      runtime.announce?.(container);
      const args = runArguments(runtime, { bundle, container }, run);
      const program = { program: sealedProgram(runtime.program), args, owner: command.identity };
      const exitCode = await runProgram(program, run).finally(() => runtime.release?.(container));
      const problems = readProblems(logPath(run));
      return { exitCode: problems.length === 0 ? exitCode : await explain({ runtime, root, command, run, problems }) };
    },
  };
}

interface Container {
  readonly bundle: string;
  readonly container: string;
}

function runArguments(runtime: OciRuntime, { bundle, container }: Container, run: SandboxRun): string[] {
  const state = join(run.scratch, 'state');
  return [
    ...runtime.globalArguments,
    ...['--root', state, '--log', logPath(run), '--log-format', 'json'],
    ...['run', '--bundle', bundle, container],
  ];
}

/** crun 1.8 tells the command of a new size, but not the terminal that it made: the second one of the root. */
function resizeInner(root: string, { columns, rows }: TerminalSize): void {
  const path = join(root, 'dev/pts/1');
  if (!existsSync(path)) return;
  const fd = openSync(path, constants.O_RDWR | constants.O_NOCTTY);
  try {
    loadLibc()?.resizeTerminal(fd, columns, rows);
  } finally {
    closeSync(fd);
  }
}

interface FailedStart {
  readonly runtime: OciRuntime;
  readonly root: string;
  readonly command: SandboxCommand;
  readonly run: SandboxRun;
  readonly problems: readonly string[];
}

/** The runtime did not start the command: because there is none to start, or because something else failed. */
async function explain({ runtime, root, command, run, problems }: FailedStart): Promise<number> {
  const code = missingCommandCode(root, command);
  if (code === undefined) throw sandboxFailed(`${runtime.method} could not start the command`, problems);
  const reason = code === 127 ? 'not found' : 'not an executable file';
  await run.onOutput({ stream: 'stderr', bytes: Buffer.from(`${command.argv[0]}: ${reason}\n`) });
  return code;
}

/** Errors of the runtime itself, from its log: lines of JSON. */
function readProblems(path: string): string[] {
  const lines = readIfThere(path)
    .split('\n')
    .filter((line) => line !== '');
  return lines.flatMap((line) => {
    const entry = parseLine(line);
    return entry.level === 'error' ? [entry.msg ?? line] : [];
  });
}

function parseLine(line: string): { readonly level?: string; readonly msg?: string } {
  try {
    return JSON.parse(line) as { level?: string; msg?: string };
  } catch {
    return { level: 'error', msg: line };
  }
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function logPath(run: SandboxRun): string {
  return join(run.scratch, 'runtime.log');
}
