import { exitCodeOfSignal, type InterruptSignal } from './exit-codes.ts';
import type { CliHost } from './host.ts';

export interface Interrupt {
  readonly signal: AbortSignal;
  /** The first signal that came. */
  readonly received: InterruptSignal | undefined;
  stop(): void;
}

const SHOW_CURSOR = '\u001b[?25h';

/** The first signal asks the command to stop, which cleans up; the second one ends the process where it stands. */
export function watchSignals(host: Pick<CliHost, 'onSignal' | 'exit' | 'stderr'>): Interrupt {
  const controller = new AbortController();
  let received: InterruptSignal | undefined;
  const stop = host.onSignal((signal) => {
    if (received !== undefined) {
      if (host.stderr.isTTY) host.stderr.write(SHOW_CURSOR);
      return host.exit(exitCodeOfSignal(signal));
    }
    received = signal;
    controller.abort(new Error(`stopped by ${signal}`));
  });
  return {
    signal: controller.signal,
    get received() {
      return received;
    },
    stop,
  };
}
