import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { HostError } from '../core/errors.ts';
import { loadBuiltIn } from './built-ins.ts';
import { toHostError } from './host-error.ts';

export interface ProgramRun {
  /** Absolute path, or a name on the PATH. */
  readonly program: string;
  readonly args: readonly string[];
  /** For standard input. A program that stops reading early says why by its exit code. */
  readonly input?: AsyncIterable<Uint8Array> | string | undefined;
  /** Kills the program; its reason is thrown. */
  readonly signal?: AbortSignal | undefined;
}

export interface ProgramResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Both outputs are kept up to this many characters. */
const OUTPUT_LIMIT = 1 << 20;

/**
 * Runs a program of the host to its end. Every exit code is an answer, -1 for a program that a signal ended.
 * @throws HostError when it cannot be started; what `input` throws
 */
export async function runProgram({ program, args, input = '', signal }: ProgramRun): Promise<ProgramResult> {
  const { spawn } = loadBuiltIn('node:child_process');
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const kill = (): void => void child.kill('SIGKILL');
  signal?.addEventListener('abort', kill, { once: true });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] = `${output[name]}${text}`.slice(-OUTPUT_LIMIT);
    });
  }
  const exit = new Promise<number>((resolve, reject) => {
    child.once('error', (error) => reject(toHostError(error, 'start', program)));
    child.once('close', (code) => resolve(code ?? -1));
  });
  try {
    const [exitCode] = await Promise.all([exit, feed(input, child.stdin, kill)]);
    signal?.throwIfAborted();
    return { exitCode, ...output };
  } finally {
    signal?.removeEventListener('abort', kill);
  }
}

/** Only errors of the input itself are thrown; those of the pipe belong to the program's end. */
async function feed(input: AsyncIterable<Uint8Array> | string, stdin: NodeJS.WritableStream, kill: () => void) {
  let failure: { readonly error: unknown } | undefined;
  const watched = async function* (): AsyncGenerator<Uint8Array | string, void> {
    try {
      if (typeof input === 'string') yield input;
      else yield* input;
    } catch (error) {
      failure = { error };
      kill();
      throw error;
    }
  };
  await pipeline(Readable.from(watched()), stdin).catch(() => undefined);
  if (failure !== undefined) throw failure.error;
}

/** The error of a program that was to succeed; shows the last line of what it said. */
export function programFailed(
  { program, args }: Pick<ProgramRun, 'program' | 'args'>,
  result: ProgramResult,
): HostError {
  const name = program.split('/').at(-1);
  const said = `${result.stdout}\n${result.stderr}`.trim().split('\n').at(-1)?.slice(0, 300) ?? '';
  const what = `${name} ${args[0] ?? ''}`.trim();
  return new HostError('HOST_PROGRAM_FAILED', `"${what}" ended with exit code ${result.exitCode}: ${said}`, {
    hint: `try "${what}" by hand, and look at what it says`,
  });
}
