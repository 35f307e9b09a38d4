/** Runs a command by `unshare` and prints the programs that were executed for it; in a mount namespace of its own. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createMounter } from '../../src/hostd/mounter.ts';
import { findProgram } from '../../src/io/programs.ts';
import { createUnshare } from '../../src/sandbox/unshare.ts';
import { requestFor } from './sandbox-box.ts';

const [dir = ''] = process.argv.slice(2);
const log = join(dir, 'executed');
const mounter = createMounter();

/** A script in front of a program of the host, which notes its name. */
function noted(name: string): string {
  const path = join(dir, name);
  writeFileSync(path, `#!/bin/sh\necho ${name} >>${log}\nexec ${findProgram(name)} "$@"\n`, { mode: 0o755 });
  return path;
}

const root = join(dir, 'root');
for (const name of ['root', 'scratch']) mkdirSync(join(dir, name));
await mounter.bind('/', root);
await mounter.fileSystem('tmpfs', join(root, 'dev'), '');
mkdirSync(join(root, 'dev/mqueue'));
writeFileSync(join(root, 'dev/null'), '');
const sandbox = createUnshare({
  tools: {
    sh: noted('sh'),
    mount: noted('mount'),
    setpriv: noted('setpriv'),
    env: noted('env'),
    unshare: noted('unshare'),
  },
  capabilities: '0',
  canSetGroups: true,
  launcher: [],
});
const run = { onOutput: () => {}, scratch: join(dir, 'scratch') };
const { exitCode } = await sandbox.run(root, requestFor('true'), run);
console.log(JSON.stringify({ exitCode, executed: readFileSync(log, 'utf8').trim().split('\n') }));
