import type { BuildEvent } from './events.ts';
import type { BuildOptions } from './options.ts';

/** How a build tells of itself, and how it is stopped: by its caller or by its first failure. */
export interface BuildControl {
  /** Its reason is the error that the build ends with. */
  readonly signal: AbortSignal;
  /** Stops all that still runs. The first failure counts; one after the caller's abort does not. */
  fail(error: unknown): void;
  /** What the caller's listener throws is a failure of the build: never one of the code that had something to tell. */
  emit(event: BuildEvent): void;
}

export function createControl({ signal, onEvent }: Pick<BuildOptions, 'signal' | 'onEvent'>): BuildControl {
  const failure = new AbortController();
  const fail = (error: unknown): void => failure.abort(error);
  return {
    signal: signal === undefined ? failure.signal : AbortSignal.any([signal, failure.signal]),
    fail,
    emit(event) {
      try {
        onEvent?.(event);
      } catch (error) {
        fail(error);
      }
    },
  };
}
