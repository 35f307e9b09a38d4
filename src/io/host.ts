import { availableParallelism, homedir } from 'node:os';
import { arch, env, getuid, pid } from 'node:process';
import { join } from 'node:path';

/** The one module outside cli and hostd that asks the process: everything else is given what it needs. */

export function environment(name: string): string | undefined {
  return env[name];
}

export function homeDir(): string {
  return homedir();
}

export function processId(): number {
  return pid;
}

/** Id of the user; 0 on systems that have none. */
export function userId(): number {
  return getuid?.() ?? 0;
}

export function coreCount(): number {
  return availableParallelism();
}

/** This machine's architecture in the names of the OCI image specification (those of Go). */
export function hostArchitecture(): string {
  const names: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386', ppc64: 'ppc64le', riscv64: 'riscv64' };
  return names[arch] ?? arch;
}

/** `$XDG_CACHE_HOME/lamella`, else `~/.cache/lamella` (XDG base directory specification). */
export function defaultCacheDir(): string {
  const xdg = environment('XDG_CACHE_HOME');
  return join(xdg !== undefined && xdg.startsWith('/') ? xdg : join(homeDir(), '.cache'), 'lamella');
}
