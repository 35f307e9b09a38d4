import { StepError } from '../core/errors.ts';
import type { LogChunk } from '../core/sandbox.ts';
import { encodeError } from '../rootfs/host-errors.ts';
import { encodeLog, encodeMessage, FrameReader } from '../rootfs/host-frames.ts';
import type { CallName, CallRequest, FromHost, ToHost } from '../rootfs/host-messages.ts';
import { Arrivals } from './arrivals.ts';
import type { CallContext, Handler, Handlers } from './call.ts';
import { createHandlers } from './handlers.ts';
import { LogWindow } from './log-window.ts';
import { TerminalInput } from './terminal-input.ts';

interface RunningCall {
  readonly controller: AbortController;
  readonly window: LogWindow;
  readonly input: TerminalInput;
  readonly arrivals: Arrivals;
  /** Settles when the call is answered. */
  readonly answered: Promise<void>;
}

/** Takes calls from a byte stream, several at a time, and answers each. */
export class HostServer {
  readonly #send: (frame: Buffer) => void;
  readonly #reader = new FrameReader();
  readonly #running = new Map<number, RunningCall>();
  readonly #handlers: Handlers = createHandlers();

  constructor(send: (frame: Buffer) => void) {
    this.#send = send;
  }

  receive(chunk: Buffer): void {
    for (const frame of this.#reader.push(chunk)) {
      if (frame.kind === 'message') this.#dispatch(frame.message as ToHost);
    }
  }

  #dispatch(message: ToHost): void {
    if ('cancel' in message) {
      this.#cancel(this.#running.get(message.cancel));
    } else if ('ping' in message) {
      this.#answer({ pong: true });
    } else if ('consumed' in message) {
      this.#running.get(message.consumed)?.window.give(message.bytes);
    } else if ('arrived' in message) {
      this.#running.get(message.arrived)?.arrivals.tell(message.size, message.isWhole);
    } else if ('typed' in message) {
      this.#running.get(message.typed)?.input.push({ bytes: Buffer.from(message.bytes, 'base64') });
    } else if ('resized' in message) {
      this.#running.get(message.resized)?.input.push({ size: message.size });
    } else if (message.call === 'stop') {
      void this.#stop(message.id);
    } else {
      this.#start(message.id, message.call, message.request);
    }
  }

  #cancel(running: RunningCall | undefined): void {
    running?.controller.abort(new StepError('STEP_ABORTED', 'the build was aborted'));
  }

  #start<K extends CallName>(id: number, call: K, request: CallRequest<K>): void {
    const controller = new AbortController();
    const window = new LogWindow();
    const input = new TerminalInput();
    const arrivals = new Arrivals(controller.signal);
    const log = (chunk: LogChunk): Promise<void> => this.#log(id, window, chunk);
    const context: CallContext = { signal: controller.signal, log, input, arrivals };
    // A turn later, so that the call is known before it begins.
    const answered = Promise.resolve().then(() => this.#carryOut(id, () => this.#handler(call)(request, context)));
    this.#running.set(id, { controller, window, input, arrivals, answered });
  }

  /** What is still being done ends first: nothing is taken away from under it. */
  async #stop(id: number): Promise<void> {
    const running = [...this.#running.values()];
    for (const call of running) this.#cancel(call);
    await Promise.all(running.map(({ answered }) => answered));
    this.#start(id, 'stop', {});
  }

  async #carryOut(id: number, work: () => Promise<unknown>): Promise<void> {
    try {
      this.#answer({ id, answer: await work() });
    } catch (error) {
      this.#answer({ id, error: encodeError(error) });
    } finally {
      this.#running.delete(id);
    }
  }

  #handler<K extends CallName>(call: K): Handler<K> {
    return this.#handlers[call] as unknown as Handler<K>;
  }

  async #log(id: number, window: LogWindow, chunk: LogChunk): Promise<void> {
    this.#send(encodeLog(id, chunk));
    await window.take(chunk.bytes.byteLength);
  }

  #answer(message: FromHost): void {
    this.#send(encodeMessage(message));
  }
}
