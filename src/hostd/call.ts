import type { LogChunk } from '../core/sandbox.ts';
import type { CallAnswer, CallName, CallRequest } from '../rootfs/host-messages.ts';
import type { Arrivals } from './arrivals.ts';
import type { TerminalInput } from './terminal-input.ts';

/** What a call is carried out with besides its request. */
export interface CallContext {
  /** Aborted with a StepError `STEP_ABORTED`. */
  readonly signal: AbortSignal;
  /** Sends output; the promise holds the sender back. */
  log(chunk: LogChunk): Promise<void>;
  readonly input: TerminalInput;
  readonly arrivals: Arrivals;
}

export type Handler<K extends CallName> = (request: CallRequest<K>, context: CallContext) => Promise<CallAnswer<K>>;

export type Handlers = { readonly [K in CallName]: Handler<K> };
