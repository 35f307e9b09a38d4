import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Sandbox } from '../core/sandbox.ts';
import { signalProcess } from '../io/host.ts';
import { type LaunchOptions, launchCommand } from './launch-command.ts';
import { runProgram, sandboxFailed } from './program.ts';

/**
 * Runs commands as root in a directory of the host, with fewer capabilities and nothing else between them and it: no
 * namespaces, no /proc. A supervisor (src/hostd/supervise.ts) takes in every process that the command leaves, and ends it.
 */
export function createChroot(options: LaunchOptions): Sandbox {
  return {
    method: 'chroot',
    async run(root, command, run) {
      const order = join(run.scratch, 'supervise.json');
      const started = join(run.scratch, 'started');
      writeFileSync(order, JSON.stringify({ started, words: launchCommand({ options, command, run }) }));
      const [program = '', ...args] = [...options.launcher, 'supervise', order];
      const end = (supervisor: number): void => {
        signalProcess(supervisor, 'SIGTERM');
        // One that is stopped ends what it supervises as well.
        signalProcess(supervisor, 'SIGCONT');
      };
      const exitCode = await runProgram({ program, args, owner: command.identity, cwd: root, end }, run);
      if (!existsSync(started)) throw sandboxFailed('the supervisor of the command did not start', []);
      return { exitCode };
    },
  };
}
