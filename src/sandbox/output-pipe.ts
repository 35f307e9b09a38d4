import { closeSync, constants, fchownSync, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import type { LogChunk, ProcessIdentity, SandboxRun } from '../core/sandbox.ts';
import { loadBuiltIn } from '../io/built-ins.ts';
import { loadLibc } from '../io/libc/libc.ts';

/**
 * Standard output or error of a command: a pipe, because Node gives its children sockets, which cannot be opened by the
 * name `/dev/stdout`. It belongs to the command's user, for the same reason.
 */
export interface OutputPipe {
  /** The command's end. */
  readonly fd: number;
  /** To be called when the command has its copy of `fd`. Resolves when all output is taken. */
  drain(onOutput: SandboxRun['onOutput']): Promise<void>;
}

export function openOutputPipe(stream: LogChunk['stream'], scratch: string, owner: ProcessIdentity): OutputPipe {
  const [readEnd, writeEnd] = loadLibc()?.makePipe() ?? openNamedPipe(join(scratch, stream));
  fchownSync(writeEnd, owner.uid, owner.gid);
  return {
    fd: writeEnd,
    async drain(onOutput) {
      closeSync(writeEnd);
      const reader = new Socket({ fd: readEnd, readable: true, writable: false });
      for await (const bytes of reader) await onOutput({ stream, bytes });
    },
  };
}

function openNamedPipe(path: string): readonly [number, number] {
  loadBuiltIn('node:child_process').execFileSync('mkfifo', ['-m', '600', path], { stdio: 'ignore' });
  const readEnd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writeEnd = openSync(path, constants.O_WRONLY);
  rmSync(path);
  return [readEnd, writeEnd];
}
