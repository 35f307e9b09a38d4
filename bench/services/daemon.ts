import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Group } from '../measure/accounting.ts';

export interface DaemonOptions {
  readonly argv: readonly string[];
  readonly log: string;
  /** Counts the daemon; absent for services that belong to no builder. */
  readonly group?: Group;
  readonly isReady: () => boolean | Promise<boolean>;
}

export interface Daemon {
  stop(): Promise<void>;
}

const READY_MS = 60_000;
const STOP_MS = 20_000;

/** Starts a server and waits until it answers. */
export async function startDaemon({ argv, log, group, isReady }: DaemonOptions): Promise<Daemon> {
  const output = openSync(log, 'a');
  const enter = group?.enter ?? 'exec "$@"';
  const child = spawn('sh', ['-c', enter, 'sh', ...argv], { stdio: ['ignore', output, output], detached: true });
  closeSync(output);
  group?.adopt(child.pid ?? 0);
  const daemon = { stop: () => stop(child) };
  for (const end = Date.now() + READY_MS; Date.now() < end; await delay(50)) {
    if (await isReady()) return daemon;
    if (hasEnded(child)) break;
  }
  await daemon.stop();
  throw new Error(`${argv[0]} does not answer: see ${log}`);
}

async function stop(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await exited;
  clearTimeout(timer);
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** Whether a server speaks HTTP at a path, or through a Unix socket. */
export async function answersHttp(url: string): Promise<boolean> {
  return await fetch(url).then(
    (response) => response.ok,
    () => false,
  );
}
