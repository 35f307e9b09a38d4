import { utimesSync } from 'node:fs';

const HEARTBEAT_MS = 10_000;

const held = new Set<string>();
let timer: NodeJS.Timeout | undefined;

/**
 * Touches a file every ten seconds until the returned function is called, so that those who cannot see this process know
 * that it lives. It keeps no process alive.
 */
export function keepFresh(path: string): () => void {
  held.add(path);
  timer ??= setInterval(touchAll, HEARTBEAT_MS).unref();
  return () => {
    held.delete(path);
    if (held.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

function touchAll(): void {
  const now = new Date();
  for (const path of held) touch(path, now);
}

/** A lease that was taken away is no reason to end the build, which will see it when it gives the lease back. */
function touch(path: string, now: Date): void {
  try {
    utimesSync(path, now, now);
  } catch {}
}
