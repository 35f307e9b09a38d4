import { availableParallelism, homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import process, { arch, env, execPath, getuid, kill, pid, version, versions } from 'node:process';

/** The one module outside cli and hostd that asks the process: everything else is given what it needs. */

export function environment(name: string): string | undefined {
  return env[name];
}

/** The whole environment, for a program that is to run as if its user had started it. */
export function environmentWith(more: Readonly<Record<string, string>>): Record<string, string | undefined> {
  return { ...env, ...more };
}

export function homeDir(): string {
  return homedir();
}

export function processId(): number {
  return pid;
}

/** Whether a process of that id exists, whoever owns it. */
export function processExists(id: number): boolean {
  try {
    kill(id, 0);
    return true;
  } catch (error) {
    return typeof error === 'object' && error !== null && 'code' in error && error.code === 'EPERM';
  }
}

/** Sends a signal to a process, or with a negative id to a process group. What is gone already is success. */
export function signalProcess(id: number, signal: 'SIGKILL' | 'SIGSTOP' | 'SIGTERM' | 'SIGCONT'): void {
  try {
    kill(id, signal);
  } catch (error) {
    if (typeof error !== 'object' || error === null || !('code' in error) || error.code !== 'ESRCH') throw error;
  }
}

const waiting = new Set<() => void>();
let keepAlive: NodeJS.Timeout | undefined;

/**
 * Calls a listener when a child of this process may have ended, and keeps this process alive until then. Not in threads.
 * @returns what takes the listener away
 */
export function onChildEnd(listener: () => void): () => void {
  if (waiting.size === 0) {
    process.on('SIGCHLD', tellWaiting);
    keepAlive = setInterval(() => {}, LONG_MS);
  }
  waiting.add(listener);
  return () => {
    if (!waiting.delete(listener) || waiting.size > 0) return;
    process.off('SIGCHLD', tellWaiting);
    clearInterval(keepAlive);
  };
}

/** The longest time that a timer takes. */
const LONG_MS = 2 ** 31 - 1;

function tellWaiting(): void {
  for (const listener of [...waiting]) listener();
}

/** Id of the user; 0 on systems that have none. */
export function userId(): number {
  return getuid?.() ?? 0;
}

/** Name of the user; its id where it has none, as often in containers. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(userId());
  }
}

/** The program that runs this code: Node. */
export function nodeProgram(): string {
  return execPath;
}

/** Version of Node, such as `v24.0.0`. */
export function nodeVersion(): string {
  return version;
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
  return join(xdg?.startsWith('/') ? xdg : join(homeDir(), '.cache'), 'lamella');
}

/** A file of this program as it is installed, and the manifest of its package. */
export function programFiles(): string[] {
  return [import.meta.filename, join(import.meta.dirname, '../../package.json')];
}

/** Versions of Node and of what it is built with, as one text. */
export function runtimeVersions(): string {
  return JSON.stringify(versions);
}
