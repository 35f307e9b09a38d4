import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where Linux tells which programs run binaries of other machines (binfmt_misc). */
const HANDLERS = '/proc/sys/fs/binfmt_misc';
const CONTROL = ['register', 'status'];

/** Names of the OCI image specification in QEMU's words. */
const QEMU: Readonly<Record<string, string>> = {
  '386': 'i386',
  amd64: 'x86_64',
  arm: 'arm',
  arm64: 'aarch64',
  loong64: 'loongarch64',
  mips64le: 'mips64el',
  ppc64le: 'ppc64le',
  riscv64: 'riscv64',
  s390x: 's390x',
};

/** What a processor runs besides its own. */
const NATIVE: Readonly<Record<string, readonly string[]>> = { amd64: ['386'], arm64: ['arm'] };

/**
 * Whether programs for an architecture run on this one, by the processor or by an emulator that the kernel knows and that
 * works in any root file system (flag F). `unknown` where the kernel does not show its handlers.
 */
export function canRun(architecture: string, host: string): boolean | 'unknown' {
  if (architecture === host || NATIVE[host]?.includes(architecture) === true) return true;
  const names = listHandlers();
  return names === undefined ? 'unknown' : names.some((name) => handles(name, architecture));
}

function listHandlers(): string[] | undefined {
  try {
    const names = readdirSync(HANDLERS);
    return names.includes('status') ? names.filter((name) => !CONTROL.includes(name)) : undefined;
  } catch {
    return undefined;
  }
}

/** A handler is a file: `enabled`, `interpreter PATH`, `flags: OCF` and more. */
function handles(name: string, architecture: string): boolean {
  try {
    const [state, interpreter = '', flags = ''] = readFileSync(join(HANDLERS, name), 'utf8').split('\n');
    const program = interpreter.split('/').at(-1) ?? '';
    const wanted = `qemu-${QEMU[architecture] ?? architecture}`;
    const fits = [name, program, program.replace(/-static$/, '')].includes(wanted);
    return state === 'enabled' && fits && flags.includes('F');
  } catch {
    return false;
  }
}
