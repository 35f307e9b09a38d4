import type { TextWriter } from '../host.ts';

/** One object, one line. */
export function writeRecord(stderr: TextWriter, record: unknown): void {
  stderr.write(`${JSON.stringify(record)}\n`);
}
