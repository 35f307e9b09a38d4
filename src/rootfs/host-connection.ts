import type { ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { StepError } from '../core/errors.ts';
import type { LogChunk } from '../core/sandbox.ts';
import type { ShellTerminal } from '../core/terminal.ts';
import { loadBuiltIn } from '../io/built-ins.ts';
import { signalProcess } from '../io/host.ts';
import { programFolders } from '../io/programs.ts';
import type { ArrivingBlob } from './arriving-blob.ts';
import { decodeError, type SentError } from './host-errors.ts';
import { encodeMessage, type Frame, FrameReader } from './host-frames.ts';
import { mapSubordinateIds } from './host-id-maps.ts';
import type { HostLaunch } from './host-launch.ts';
import type { CallAnswer, CallName, CallRequest, FromHost, ToHost } from './host-messages.ts';
import { HostPulse } from './host-pulse.ts';
import { placeVariables } from './machine.ts';

export interface CallOptions {
  /** May return a promise: the command is held back while too much of its output is not taken. */
  readonly onOutput?: OnOutput | undefined;
  readonly signal?: AbortSignal | undefined;
  /** What is typed in it goes to the call, until that is answered. */
  readonly terminal?: ShellTerminal | undefined;
  /** The call is told how far it is. */
  readonly arriving?: ArrivingBlob | undefined;
}

export type OnOutput = (chunk: LogChunk) => void | Promise<void>;

interface PendingCall {
  readonly onOutput: OnOutput | undefined;
  /** Output that `onOutput` has not taken yet. */
  readonly taking: Set<Promise<void>>;
  failure?: { readonly error: unknown };
  /** What it has still to say is of no use to anybody. */
  isCancelled?: true;
  resolve(answer: unknown): void;
  reject(error: unknown): void;
}

const KEPT_LINES = 20;
const STOP_DEADLINE_MS = 20_000;
/** When everything is given back, nothing keeps a host. */
const EXIT_DEADLINE_MS = 1000;

/** Calls to a sandbox host process over its standard input and output. */
export class HostConnection {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #calls = new Map<number, PendingCall>();
  readonly #reader = new FrameReader();
  readonly #exited: Promise<void>;
  readonly #pulse = new HostPulse(
    () => this.#send({ ping: true }),
    () => this.kill(),
  );
  #errorOutput = '';
  #lastCall = 0;
  #lost: StepError | undefined;

  /**
   * Compiled code is kept in `codeCache`, so that the next host starts sooner. After `signal` aborts, a host that does not
   * react is killed.
   */
  constructor({ program, args }: HostLaunch, codeCache: string, signal?: AbortSignal) {
    const env = { ...placeVariables(), PATH: programFolders().join(':'), NODE_COMPILE_CACHE: codeCache };
    // A process group of its own: Ctrl-C reaches lamella alone, which then ends the host in order.
    const { spawn } = loadBuiltIn('node:child_process');
    this.#child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], env, cwd: '/', detached: true });
    this.#child.stdout.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.#child.stderr.on('data', (chunk: Buffer) => this.#keepErrorOutput(chunk));
    // A write to a process that has died; its end is reported by `close`.
    this.#child.stdin.on('error', () => {});
    this.#exited = new Promise((resolve) => {
      const end = (how: string): void => {
        this.#pulse.rest();
        signal?.removeEventListener('abort', this.#watch);
        this.#fail(how);
        resolve();
      };
      this.#child.on('error', (error) => end(error.message));
      // Where it is refused a user namespace, unshare(1) leaves a process that waits for one, and holds our pipes open.
      this.#child.on('exit', () => endGroup(this.#child.pid));
      this.#child.on('close', (code, by) => end(by ?? `exit code ${code}`));
    });
    signal?.addEventListener('abort', this.#watch, { once: true });
  }

  /** The last lines that the host wrote to its standard error. */
  get errorOutput(): readonly string[] {
    return this.#errorOutput.split('\n').filter((line) => line !== '');
  }

  get isLost(): boolean {
    return this.#lost !== undefined;
  }

  /** @throws StepError `STEP_SANDBOX_LOST` when the host ends before it answers; else what the host threw */
  call<K extends CallName>(
    call: K,
    request: CallRequest<K>,
    { onOutput, signal, terminal, arriving }: CallOptions = {},
  ): Promise<CallAnswer<K>> {
    if (signal?.aborted === true) return Promise.reject(aborted(signal));
    const id = ++this.#lastCall;
    const answer = new Promise<CallAnswer<K>>((resolve, reject) => {
      const taking = new Set<Promise<void>>();
      this.#calls.set(id, { onOutput, taking, resolve: (value) => resolve(value as CallAnswer<K>), reject });
      if (this.#lost !== undefined) this.#settle(id)?.reject(this.#lost);
      else this.#send({ id, call, request } as ToHost);
    });
    const cancel = (): void => this.#cancel(id);
    signal?.addEventListener('abort', cancel, { once: true });
    const release = terminal && this.#passInput(id, terminal);
    const leave = arriving?.follow((size, isWhole) => this.#send({ arrived: id, size, isWhole }));
    return answer.finally(() => {
      release?.();
      leave?.();
      signal?.removeEventListener('abort', cancel);
    });
  }

  #passInput(id: number, terminal: ShellTerminal): () => void {
    const typed = (bytes: Uint8Array): void => this.#send({ typed: id, bytes: Buffer.from(bytes).toString('base64') });
    const endInput = terminal.onInput(typed);
    const endResize = terminal.onResize?.(() => this.#send({ resized: id, size: terminal.size() }));
    return () => {
      endInput();
      endResize?.();
    };
  }

  /** For a host that waits for its ids before it begins. */
  async mapIds(): Promise<void> {
    await mapSubordinateIds(this.#child.pid ?? 0);
    this.#child.stdin.write('\n');
  }

  /** Ends the host in order, or by force when it does not react. */
  async stop(): Promise<void> {
    const kill = (): void => this.kill();
    this.#watch();
    const deadline = setTimeout(kill, STOP_DEADLINE_MS);
    await this.call('stop', {}).catch(() => {});
    this.#child.stdin.end();
    const exitDeadline = setTimeout(kill, EXIT_DEADLINE_MS);
    await this.#exited;
    clearTimeout(deadline);
    clearTimeout(exitDeadline);
  }

  /** Ends the host and everything that it started at once. */
  kill(): void {
    this.#child.kill('SIGKILL');
    this.#child.stdin.destroy();
  }

  #cancel(id: number): void {
    const call = this.#calls.get(id);
    if (call !== undefined) call.isCancelled = true;
    this.#send({ cancel: id });
    this.#watch();
  }

  readonly #watch = (): void => this.#pulse.watch();

  #send(message: ToHost): void {
    if (this.#child.stdin.writable) this.#child.stdin.write(encodeMessage(message));
  }

  #receive(chunk: Buffer): void {
    this.#pulse.beat();
    for (const frame of this.#reader.push(chunk)) {
      if (frame.kind === 'log') this.#log(frame);
      else void this.#answer(frame.message as FromHost);
    }
  }

  async #answer(message: FromHost): Promise<void> {
    if ('pong' in message) return;
    const call = this.#settle(message.id);
    await Promise.all(call?.taking ?? []);
    if (call?.failure !== undefined) call.reject(call.failure.error);
    else if ('error' in message) call?.reject(decodeError(message.error as SentError));
    else call?.resolve(message.answer);
  }

  #log(frame: Extract<Frame, { kind: 'log' }>): void {
    const call = this.#calls.get(frame.call);
    if (call === undefined) return;
    const taking = this.#take(call, frame);
    call.taking.add(taking);
    void taking.then(() => call.taking.delete(taking));
  }

  /** A receiver that fails ends the call: with its error, once the host has ended the command. */
  async #take(pending: PendingCall, { call, chunk }: Extract<Frame, { kind: 'log' }>): Promise<void> {
    try {
      if (pending.failure === undefined && pending.isCancelled !== true) await pending.onOutput?.(chunk);
    } catch (error) {
      pending.failure = { error };
      this.#send({ cancel: call });
    }
    this.#send({ consumed: call, bytes: chunk.bytes.byteLength });
  }

  #settle(id: number): PendingCall | undefined {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    return call;
  }

  #keepErrorOutput(chunk: Buffer): void {
    this.#errorOutput = `${this.#errorOutput}${chunk}`.split('\n').slice(-KEPT_LINES).join('\n');
  }

  #fail(how: string): void {
    this.#lost ??= new StepError('STEP_SANDBOX_LOST', `the sandbox host ended unexpectedly: ${how}`, {
      hint: 'something killed it, such as a shortage of memory; its last lines may say more',
      output: this.errorOutput,
    });
    for (const id of [...this.#calls.keys()]) this.#settle(id)?.reject(this.#lost);
  }
}

/** What is left of the process group of a host that has ended. */
function endGroup(leader: number | undefined): void {
  try {
    if (leader !== undefined) signalProcess(-leader, 'SIGKILL');
  } catch {
    // It is another user's by now.
  }
}

function aborted(signal: AbortSignal): StepError {
  return new StepError('STEP_ABORTED', 'the build was aborted', { cause: signal.reason });
}
