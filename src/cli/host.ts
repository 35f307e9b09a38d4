import { readFile, writeFile } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { text } from 'node:stream/consumers';
import type { InterruptSignal } from './exit-codes.ts';
import type { BuildOptions, BuildResult, Library, ShellTerminal } from './library.ts';
import { processTerminal } from './process-terminal.ts';
import { limitHeap, optimizeLate } from './v8-settings.ts';

export interface TextWriter {
  write(text: string): unknown;
}

export interface Terminal extends TextWriter {
  readonly isTTY: boolean;
  /** Columns and rows now; they change with the window. */
  size(): { readonly columns: number; readonly rows: number };
}

/** All that the command line touches of the outer world. */
export interface CliHost {
  readonly stdout: TextWriter & { readonly isTTY?: boolean };
  readonly stderr: Terminal;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly loadLibrary: () => Promise<Library>;
  /** Decides whether there is anything to do, without the library. */
  readonly findUnchanged: (options: BuildOptions) => Promise<BuildResult | undefined>;
  readonly readStdin: () => Promise<string>;
  readonly stdin: () => AsyncIterable<Uint8Array>;
  /** Where somebody sits who can talk to a shell; `undefined` where standard input and output are no terminal. */
  readonly terminal: () => ShellTerminal | undefined;
  /** Output of a command, as it is. */
  readonly writeBytes: (stream: 'stdout' | 'stderr', bytes: Uint8Array) => Promise<void>;
  readonly readFile: (path: string) => Promise<string>;
  readonly writeFile: (path: string, content: string) => Promise<void>;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
  /** Calls back every `ms` until the returned function is called. */
  readonly every: (ms: number, callback: () => void) => () => void;
  readonly onSignal: (listener: (signal: InterruptSignal) => void) => () => void;
  /** Ends the process at once. */
  readonly exit: (code: number) => void;
}

export function processHost(): CliHost {
  return {
    stdout: process.stdout,
    stderr: stderrTerminal(),
    env: process.env,
    loadLibrary: async () => {
      optimizeLate();
      const library = await import('../index.ts');
      limitHeap();
      return library;
    },
    findUnchanged: async (options) => (await import('../build/unchanged/find-unchanged.ts')).findUnchanged(options),
    readStdin: () => text(process.stdin),
    stdin: () => process.stdin,
    terminal: processTerminal,
    writeBytes: (stream, bytes) => new Promise((resolve) => void process[stream].write(bytes, () => resolve())),
    readFile: (path) => readFile(path, 'utf8'),
    writeFile: (path, content) => writeFile(path, content),
    now: () => performance.now(),
    every: (ms, callback) => {
      const timer = setInterval(callback, ms);
      timer.unref();
      return () => clearInterval(timer);
    },
    onSignal: (listener) => {
      process.on('SIGINT', listener).on('SIGTERM', listener);
      return () => process.off('SIGINT', listener).off('SIGTERM', listener);
    },
    exit: (code) => process.exit(code),
  };
}

function stderrTerminal(): Terminal {
  return {
    isTTY: process.stderr.isTTY === true,
    size: () => ({ columns: process.stderr.columns || 80, rows: process.stderr.rows || 24 }),
    write: (chunk) => process.stderr.write(chunk),
  };
}
