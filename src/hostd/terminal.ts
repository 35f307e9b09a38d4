import {
  chownSync,
  closeSync,
  constants,
  createReadStream,
  existsSync,
  openSync,
  statSync,
  write,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { StepError } from '../core/errors.ts';
import type { CommandTerminal, ProcessIdentity } from '../core/sandbox.ts';
import type { TerminalSize } from '../core/terminal.ts';
import { errnoOf } from '../io/host-error.ts';
import { loadLibc } from '../io/libc/libc.ts';
import type { CallContext } from './call.ts';
import type { TerminalAct } from './terminal-input.ts';

export interface TerminalRequest {
  /** Of the command. */
  readonly path: string;
  readonly owner: ProcessIdentity;
  readonly size: TerminalSize;
}

/** A terminal of this machine's own making (pty(7)), for one command. */
export interface OpenTerminal extends CommandTerminal {
  /** To be called when the command has ended. Resolves when all that it showed is taken. */
  close(): Promise<void>;
}

const OPEN_BOTH_WAYS = constants.O_RDWR | constants.O_NOCTTY;

/**
 * Opens a terminal: what is typed comes by the input of the call, what is shown leaves by its log. It is one of the
 * terminals of the command's root, where that has any, so that the command can find it by name.
 */
export function openTerminal(
  request: TerminalRequest,
  { log, input }: Pick<CallContext, 'log' | 'input'>,
): OpenTerminal {
  const libc = loadLibc();
  if (libc === undefined) throw noTerminals();
  const folder = terminalsOf(request.path);
  const fd = openSync(join(folder, 'ptmx'), OPEN_BOTH_WAYS);
  const path = join(folder, libc.unlockTerminal(fd));
  // Held open until the end: whoever reads is told of the end when nobody has it open any more.
  const held = openSync(path, OPEN_BOTH_WAYS);
  chownSync(path, request.owner.uid, statSync(path).gid);
  const resized: ((size: TerminalSize) => void)[] = [(size) => libc.resizeTerminal(fd, size.columns, size.rows)];
  const resize = (size: TerminalSize): void => {
    for (const listener of resized) listener(size);
  };
  resize(request.size);
  input.listen(actor(fd, resize));
  const shown = show(fd, log);
  return {
    path,
    size: request.size,
    onResize: (listener) => resized.push(listener),
    async close() {
      closeSync(held);
      await shown;
      closeSync(fd);
    },
  };
}

/** The folder of the root's own terminals; with `chroot` it has none. */
function terminalsOf(root: string): string {
  const own = join(root, 'dev/pts');
  if (!existsSync(join(own, 'ptmx'))) return '/dev/pts';
  // OCI runtimes show there the terminal that they make for the command.
  writeFileSync(join(root, 'dev/console'), '');
  return own;
}

function actor(fd: number, resize: (size: TerminalSize) => void): (act: TerminalAct) => void {
  let written: Promise<unknown> = Promise.resolve();
  return (act) => {
    if ('size' in act) resize(act.size);
    // What nobody is left to read is dropped.
    else written = written.then(() => promisify(write)(fd, act.bytes)).catch(() => {});
  };
}

async function show(fd: number, log: CallContext['log']): Promise<void> {
  try {
    for await (const bytes of createReadStream('', { fd, autoClose: false })) {
      await log({ stream: 'stdout', bytes: bytes as Buffer });
    }
  } catch (error) {
    // The end of a terminal that everybody has closed.
    if (errnoOf(error) !== 'EIO') throw error;
  }
}

function noTerminals(): StepError {
  return new StepError('STEP_NO_TERMINAL', 'cannot make a terminal for a command without the package koffi', {
    hint: 'install lamella with its optional dependencies, or run single commands: lamella shell -- COMMAND',
  });
}
