import { createRequire } from 'node:module';
import { bindLibrary } from './binding.ts';
import { type FileCalls, fileCalls } from './files.ts';
import { type MountCalls, mountCalls } from './mounts.ts';
import { type NamespaceCalls, namespaceCalls } from './namespaces.ts';
import { type ProcessCalls, processCalls } from './processes.ts';
import { type SpawnCalls, spawnCalls } from './spawn.ts';
import { type TerminalCalls, terminalCalls } from './terminals.ts';

/**
 * The few calls of the C library that Node does not offer. They are synchronous, throw a Node-like system error, and
 * need koffi (FFI): where it cannot load, {@link loadLibc} gives `undefined` and callers use programs or do without.
 */
export interface Libc extends MountCalls, FileCalls, NamespaceCalls, ProcessCalls, SpawnCalls, TerminalCalls {}

let loaded: Libc | null | undefined;

export function loadLibc(): Libc | undefined {
  loaded ??= bindLibc() ?? null;
  return loaded ?? undefined;
}

function bindLibc(): Libc | undefined {
  try {
    const binding = bindLibrary(createRequire(import.meta.url)('koffi') as typeof import('koffi'));
    return {
      ...mountCalls(binding),
      ...fileCalls(binding),
      ...namespaceCalls(binding),
      ...processCalls(binding),
      ...spawnCalls(binding),
      ...terminalCalls(binding),
    };
  } catch {
    return undefined;
  }
}
