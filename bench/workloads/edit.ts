import { readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { FILE_TIME } from './context-writer.ts';

/** An edit of one file, which can be taken back. */
export interface Edit {
  apply(): void;
  revert(): void;
}

/** Writes `note` over the beginning of a file, as an editor would: in place, with the time of now. */
export function editOf(file: string, note: string): Edit {
  const before = readFileSync(file);
  return {
    apply: () => writeFileSync(file, Buffer.concat([Buffer.from(`${note}\n`), before.subarray(note.length + 1)])),
    revert: () => {
      writeFileSync(file, before);
      utimesSync(file, FILE_TIME, FILE_TIME);
    },
  };
}
