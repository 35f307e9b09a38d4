/** The last lines that a command wrote, for its error. */
export interface LogTail {
  add(bytes: Uint8Array): void;
  lines(): readonly string[];
}

const MAX_LINES = 20;
const MAX_BYTES = 16 * 1024;

export function createLogTail(): LogTail {
  let text = Buffer.alloc(0);
  return {
    add(bytes) {
      text = Buffer.concat([text, bytes]).subarray(-MAX_BYTES);
    },
    lines: () =>
      text
        .toString()
        .split(/\r?\n/)
        .filter((line) => line !== '')
        .slice(-MAX_LINES),
  };
}
