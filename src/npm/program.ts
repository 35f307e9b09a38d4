import { readBeginning } from './package-contents.ts';
import type { PackageFile, PackageFiles } from './package-files.ts';

/** npm looks no further for the end of the first line. */
const LINE_BYTES = 2048;

/** Executable, and without the carriage return after the interpreter's name, with which no Unix finds it. */
export function makeProgram(files: PackageFiles, path: string): void {
  const file = files.get(path);
  if (file !== undefined) files.set(path, { ...withUnixHashBang(file), mode: 0o755 });
}

function withUnixHashBang(file: PackageFile): PackageFile {
  const { content, size } = file;
  const beginning = readBeginning(content, LINE_BYTES);
  if (content === undefined || beginning[0] !== 0x23 || beginning[1] !== 0x21) return file;
  const end = beginning.indexOf('\r\n');
  if (end <= 2 || end + 1 !== beginning.indexOf('\n')) return file;
  const bytes = readBeginning(content, size);
  const mended = Buffer.concat([bytes.subarray(0, end), bytes.subarray(end + 1)]);
  return { ...file, size: mended.length, content: { ...content, kind: 'bytes', bytes: mended } };
}
