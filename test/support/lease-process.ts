import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';

/** Another process that takes leases on demand and keeps them until it ends. */
export interface LeaseProcess {
  readonly pid: number;
  /** Whether it got the lease. */
  tryAcquire(path: string): Promise<boolean>;
  /** Kills it without a chance to tidy up, and waits until it is gone. */
  kill(): Promise<void>;
}

export async function startLeaseProcess(): Promise<LeaseProcess> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'lease-process-main.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => killAndWait(child));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  await lines.next();
  return {
    pid: child.pid ?? 0,
    async tryAcquire(path) {
      child.stdin.write(`${path}\n`);
      return (await lines.next()).value === 'taken';
    },
    kill: () => killAndWait(child),
  };
}

async function killAndWait(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}
