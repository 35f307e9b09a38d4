import { ContextError } from '../core/errors.ts';

/**
 * Decodes a text file; a byte order mark stays in the text.
 * @throws ContextError `CONTEXT_NOT_UTF8` naming the first line that is not UTF-8
 */
export function decodeText(bytes: Uint8Array, path: string): string {
  try {
    return decode(bytes);
  } catch (cause) {
    throw new ContextError('CONTEXT_NOT_UTF8', `${JSON.stringify(path)} is not UTF-8: line ${badLine(bytes)}`, {
      hint: 'save the file as UTF-8',
      cause,
    });
  }
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
}

function badLine(bytes: Uint8Array): number {
  let line = 1;
  let start = 0;
  for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, start)) {
    if (!isUtf8(bytes.subarray(start, end))) return line;
    start = end + 1;
    line++;
  }
  return line;
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    decode(bytes);
    return true;
  } catch {
    return false;
  }
}
