import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { OrdinaryUser } from './ordinary-user.ts';

const CLI = fileURLToPath(new URL('../../bin/lamella.js', import.meta.url));

export interface CliResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Runs as somebody else. */
  readonly as?: OrdinaryUser;
  /** Default: that of the tests. */
  readonly umask?: string;
  readonly input?: string;
  readonly signal?: AbortSignal;
}

/** Runs the built command line as a user would, with the Node that runs the tests. */
export function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const command = [process.execPath, CLI, ...args];
  const argv =
    options.umask === undefined ? command : ['sh', '-c', `umask ${options.umask}; exec "$@"`, 'sh', ...command];
  const [program = '', ...rest] = options.as?.commandLine(argv) ?? argv;
  const home = options.as === undefined ? {} : { HOME: options.as.home };
  const child = spawn(program, rest, {
    cwd: options.cwd,
    env: { ...process.env, SOURCE_DATE_EPOCH: undefined, ...home, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(options.signal !== undefined && { signal: options.signal, killSignal: 'SIGKILL' as const }),
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin.end(options.input ?? '');
  return new Promise((resolve, reject) => {
    child.on('error', (error) => (options.signal?.aborted ? undefined : reject(error)));
    child.on('close', (code, signal) => resolve({ exitCode: code ?? (signal === null ? -1 : 128), stdout, stderr }));
  });
}
