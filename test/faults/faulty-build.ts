import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { OrdinaryUser } from '../support/ordinary-user.ts';
import { createProject, type Project, type ProjectFile } from '../support/project.ts';
import { type CliResult, runCli } from '../support/run-cli.ts';

const CLI = fileURLToPath(new URL('../../bin/lamella.js', import.meta.url));

/** In the environment of all that a build starts, commands included (see {@link MARKED}). */
const MARK = 'LAMELLA_TEST_MARK';

/** Flags of a RUN that give its processes the mark, which then is in no key and no history. */
export const MARKED = `--mount=type=secret,id=mark,env=${MARK},required=false`;

/** A command of the shell that says `begun`; the progress of a build shows its text, which does not. */
export const SAY_BEGUN = "printf 'be%s\\n' gun";

export interface FaultyBuildOptions {
  readonly as?: OrdinaryUser | undefined;
  /** Default: a new folder. */
  readonly cacheDir?: string;
  /** Of every build. */
  readonly args?: readonly string[];
  /** More variables of every command. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A build of the command line in folders of its own, whose processes can be told from all others. */
export interface FaultyBuild extends Disposable {
  readonly mark: string;
  readonly project: Project;
  readonly cacheDir: string;
  /** Temporary folder of its processes. */
  readonly tempDir: string;
  /** Begins a build that is to be hurt. */
  start(...args: readonly string[]): RunningBuild;
  /** Runs a command to its end, with the cache of the build. */
  run(command: readonly string[], ...args: readonly string[]): Promise<CliResult>;
  /** Builds to the end; gives the digest of the image. */
  build(): Promise<CliResult>;
}

export interface RunningBuild {
  readonly process: ChildProcess;
  /** All output so far. */
  readonly output: string;
  /** Exit code, or 128 and the number of the signal. */
  readonly ended: Promise<number>;
  /** Resolves when the output has this in it, or the build has ended. */
  says(text: string): Promise<void>;
}

export function faultyBuild(
  files: Readonly<Record<string, ProjectFile>>,
  { as, cacheDir, args = [], env: variables = {} }: FaultyBuildOptions = {},
): FaultyBuild {
  const project = createProject(files);
  const mark = randomUUID();
  const cache = cacheDir ?? join(project.out, 'cache');
  const tempDir = join(project.out, 'temporary');
  mkdirSync(tempDir);
  chmodSync(tempDir, 0o777);
  const env = { ...variables, [MARK]: mark, TMPDIR: tempDir, CI: 'true' };
  const buildArgs = ['--secret', `id=mark,env=${MARK}`, '--cache-dir', cache, ...args];
  const asUser = as === undefined ? {} : { as };
  const started: ChildProcess[] = [];
  const run: FaultyBuild['run'] = (command, ...more) =>
    runCli([...command, '--cache-dir', cache, ...more], { env, ...asUser });
  return {
    mark,
    project,
    cacheDir: cache,
    tempDir,
    start(...more) {
      const words = ['build', '--progress', 'plain', ...buildArgs, ...more, project.dir];
      const running = startBuild(words, env, as);
      started.push(running.process);
      return running;
    },
    run,
    build: () => runCli(['build', '--quiet', ...buildArgs, project.dir], { env, ...asUser }),
    [Symbol.dispose]() {
      for (const child of started) child.kill('SIGKILL');
      project[Symbol.dispose]();
    },
  };
}

function startBuild(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  as: OrdinaryUser | undefined,
): RunningBuild {
  const argv = [process.execPath, CLI, ...args];
  const [program = '', ...rest] = as?.commandLine(argv) ?? argv;
  const home = as === undefined ? {} : { HOME: as.home };
  const child = spawn(program, rest, { env: { ...process.env, ...home, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let looking: (() => void) | undefined;
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output = `${output}${chunk}`.slice(-1 << 20);
      looking?.();
    });
  }
  const ended = once(child, 'close').then(
    ([code, signal]) => (code as number | null) ?? 128 + constants.signals[signal as NodeJS.Signals],
  );
  const says = async (text: string): Promise<void> => {
    const heard = new Promise<void>((resolve) => {
      looking = () => (output.includes(text) ? resolve() : undefined);
      looking();
    });
    await Promise.race([heard, ended]);
  };
  return {
    process: child,
    get output() {
      return output;
    },
    ended,
    says,
  };
}

/** The sandbox host of a build, and what it was started by. */
export function hostsOf(build: FaultyBuild, running: RunningBuild): number[] {
  return helpersOf(build, running, /hostd\/main/);
}

/** Processes that a build has started, by their command line; what they are is told by the folders that they know. */
export function helpersOf({ cacheDir }: FaultyBuild, running: RunningBuild, command: RegExp): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && name !== String(running.process.pid));
  const isOfBuild = (pid: string): boolean =>
    ['cmdline', 'environ', 'mountinfo'].some((name) => read(pid, name).includes(cacheDir));
  return pids.filter((pid) => command.test(read(pid, 'cmdline').replaceAll('\0', ' ')) && isOfBuild(pid)).map(Number);
}

function read(pid: string, name: string): string {
  try {
    return readFileSync(join('/proc', pid, name), 'latin1');
  } catch {
    return '';
  }
}
