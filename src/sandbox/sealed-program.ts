import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { processId } from '../io/host.ts';
import { loadLibc } from '../io/libc/libc.ts';

const ELF = Buffer.from('\x7fELF');
const sealed = new Map<string, string>();

/**
 * Where a program can be executed as a sealed copy in memory, which is made once; where none can be made, its own path.
 *
 * OCI runtimes make such a copy of themselves whenever they start, and start again from it, so that no container can write
 * to the program through /proc/PID/exe (CVE-2019-5736). One that is started from a sealed copy goes on at once.
 */
export function sealedProgram(program: string): string {
  const known = sealed.get(program);
  if (known !== undefined) return known;
  const path = sealedCopy(program) ?? program;
  sealed.set(program, path);
  return path;
}

function sealedCopy(program: string): string | undefined {
  try {
    const content = readFileSync(program);
    // A script may look at its own path.
    if (!content.subarray(0, ELF.length).equals(ELF)) return undefined;
    const fd = loadLibc()?.sealedFile(basename(program), content);
    return fd === undefined ? undefined : `/proc/${processId()}/fd/${fd}`;
  } catch {
    return undefined;
  }
}
