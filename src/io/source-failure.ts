import { toHostError } from './host-error.ts';

/** Marks what a source threw while it was being written somewhere, so that it is not blamed on the place. */
class SourceFailure {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}

/** The same bytes; what they throw is marked for {@link toSinkError}. */
export async function* markFailures(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  try {
    yield* bytes;
  } catch (error) {
    throw new SourceFailure(error);
  }
}

/** {@link toHostError} for a place that was written to from {@link markFailures}: the source's errors come out as they were. */
export function toSinkError(error: unknown, doing: string, path: string): unknown {
  return error instanceof SourceFailure ? error.error : toHostError(error, doing, path);
}
