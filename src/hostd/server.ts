import { StepError } from '../core/errors.ts';
import type { LogChunk } from '../core/sandbox.ts';
import { encodeError } from '../rootfs/host-errors.ts';
import { encodeLog, encodeMessage, FrameReader } from '../rootfs/host-frames.ts';
import type { CallName, CallRequest, FromHost, ToHost } from '../rootfs/host-messages.ts';
import type { CallContext, Handler, Handlers } from './call.ts';
import { createHandlers } from './handlers.ts';
import { LogWindow } from './log-window.ts';

interface RunningCall {
  readonly controller: AbortController;
  readonly window: LogWindow;
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
      const error = new StepError('STEP_ABORTED', 'the build was aborted');
      this.#running.get(message.cancel)?.controller.abort(error);
    } else if ('consumed' in message) {
      this.#running.get(message.consumed)?.window.give(message.bytes);
    } else {
      void this.#carryOut(message.id, message.call, message.request);
    }
  }

  async #carryOut<K extends CallName>(id: number, call: K, request: CallRequest<K>): Promise<void> {
    const running: RunningCall = { controller: new AbortController(), window: new LogWindow() };
    this.#running.set(id, running);
    const context: CallContext = {
      signal: running.controller.signal,
      log: (chunk) => this.#log(id, running, chunk),
    };
    try {
      const handler = this.#handlers[call] as unknown as Handler<K>;
      this.#answer({ id, answer: await handler(request, context) });
    } catch (error) {
      this.#answer({ id, error: encodeError(error) });
    } finally {
      this.#running.delete(id);
    }
  }

  async #log(id: number, { window }: RunningCall, chunk: LogChunk): Promise<void> {
    this.#send(encodeLog(id, chunk));
    await window.take(chunk.bytes.byteLength);
  }

  #answer(message: FromHost): void {
    this.#send(encodeMessage(message));
  }
}
