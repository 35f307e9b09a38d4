import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import type { Group } from './accounting.ts';

export interface Measured {
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
  /** Highest sample of the group's memory, that of its daemons included. */
  readonly peakBytes: number;
  readonly exitCode: number;
}

export interface Command {
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** File that gets all output of the command. */
  readonly log: string;
  readonly timeoutSeconds: number;
  /** Ends the command when it fires. */
  readonly signal?: AbortSignal | undefined;
}

const SAMPLE_MS = 20;

/**
 * Entering a group takes some 100 ms, which are not the command's. So the shell says on descriptor 3 when it is inside,
 * waits for a line, and stays until its group has been read a last time.
 */
const GATE = 'echo ready >&3; read go; "$@" </dev/null 3>&-; code=$?; echo done >&3; read end; exit $code';

/** Runs a command in a group and measures it from its start to its end. */
export async function measure(group: Group, command: Command): Promise<Measured> {
  const log = openSync(command.log, 'w');
  const child = spawn('sh', ['-c', group.enter, 'sh', 'sh', '-c', GATE, 'sh', ...command.argv], {
    stdio: ['pipe', log, log, 'pipe'],
    env: { ...process.env, ...command.env },
    detached: true,
  });
  closeSync(log);
  const timer = setTimeout(() => killTree(child), command.timeoutSeconds * 1000);
  const interrupt = (): void => killTree(child);
  command.signal?.addEventListener('abort', interrupt);
  try {
    return await measureGated(group, child, command.log);
  } finally {
    clearTimeout(timer);
    command.signal?.removeEventListener('abort', interrupt);
  }
}

async function measureGated(group: Group, child: ChildProcess, log: string): Promise<Measured> {
  const exited = once(child, 'exit');
  const words = wordsOf(child.stdio[3] as Readable);
  // A shell that has been killed reads no more.
  child.stdin?.on('error', () => undefined);
  if ((await words()) !== 'ready') throw new Error(`a command did not start:\n${tail(log)}`);
  group.adopt(child.pid ?? 0);
  const before = group.usage();
  const peak = samplePeak(group, before.memoryBytes);
  const started = performance.now();
  child.stdin?.write('go\n');
  await words();
  const wallSeconds = (performance.now() - started) / 1000;
  const cpuSeconds = group.usage().cpuSeconds - before.cpuSeconds;
  const peakBytes = peak.stop();
  child.stdin?.end('end\n');
  const [code] = (await exited) as [number | null];
  return { wallSeconds, cpuSeconds, peakBytes, exitCode: code ?? 128 };
}

function samplePeak(group: Group, start: number): { stop(): number } {
  let peak = start;
  const sample = (): void => {
    peak = Math.max(peak, group.usage().memoryBytes);
  };
  const timer = setInterval(sample, SAMPLE_MS);
  return {
    stop: () => {
      clearInterval(timer);
      return peak;
    },
  };
}

/** The next line that the shell says, or `undefined` when it has ended. */
function wordsOf(stream: Readable): () => Promise<string | undefined> {
  const chunks = stream.setEncoding('utf8')[Symbol.asyncIterator]();
  return async () => {
    const { value } = (await chunks.next()) as IteratorResult<string, undefined>;
    return value?.trim();
  };
}

function killTree(child: ChildProcess): void {
  try {
    process.kill(-(child.pid ?? 0), 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}

/** Last lines of a log. */
export function tail(log: string, lines = 15): string {
  return readFileSync(log, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
}

/** One command that runs several, each when the one before has succeeded. */
export function sequence(commands: readonly (readonly string[])[]): readonly string[] {
  return ['sh', '-c', commands.map((argv) => argv.map(quote).join(' ')).join(' && ')];
}

export function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
