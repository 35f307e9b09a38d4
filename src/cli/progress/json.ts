import { StringDecoder } from 'node:string_decoder';
import type { TextWriter } from '../host.ts';
import type { BuildEvent } from '../library.ts';
import { writeRecord } from './json-record.ts';
import type { Progress } from './progress.ts';

type LogEvent = Extract<BuildEvent, { readonly type: 'log' }>;

/** One JSON object a line for every event, with the fields of the library's events; output of commands as `text`. */
export function jsonProgress(stderr: TextWriter): Progress {
  const decoders = new Map<string, StringDecoder>();
  const record = (event: LogEvent): unknown => {
    const key = `${event.step.id} ${event.stream}`;
    const decoder = decoders.get(key) ?? new StringDecoder('utf8');
    decoders.set(key, decoder);
    const { bytes, ...rest } = event;
    return { ...rest, text: decoder.write(bytes) };
  };
  return {
    event: (event) => writeRecord(stderr, event.type === 'log' ? record(event) : event),
    close: () => {},
  };
}
