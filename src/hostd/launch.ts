import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../io/host-error.ts';
import { loadLibc } from '../io/libc/libc.ts';
import { type Supervision, supervise } from './supervise.ts';

/**
 * Runs inside the namespaces of one command, started by the `unshare` method where the programs of the host will not do:
 * `loopback` brings that interface up; `command FILE` enters the root (the working directory) and becomes the command,
 * with an environment that no program of the host has seen; `supervise FILE` starts a command for the `chroot` method.
 */
interface Launch {
  readonly argv: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  readonly uid: number;
  readonly openFiles?: { readonly soft: number; readonly hard: number };
}

const [task, file] = process.argv.slice(2);
const libc = loadLibc();
if (task === 'loopback') libc?.enableLoopback();
else if (task === 'supervise' && file !== undefined) supervise(JSON.parse(readFileSync(file, 'utf8')) as Supervision);
else if (file !== undefined) launch(JSON.parse(readFileSync(file, 'utf8')) as Launch);

function launch({ argv, env, cwd, uid, openFiles }: Launch): void {
  libc?.changeRoot('.');
  process.chdir(cwd);
  process.setuid?.(uid);
  for (const fd of [0, 1, 2]) libc?.passStream(fd);
  libc?.restoreSignals();
  // Node raises the soft limit of itself.
  if (openFiles !== undefined) libc?.limitOpenFiles(openFiles.soft, openFiles.hard);
  const [name = ''] = argv;
  const path = env.find((variable) => variable.startsWith('PATH='))?.slice('PATH='.length);
  const reasons = candidates(name, path).map((program) => execute(program, argv, env));
  process.stderr.write(`cannot execute ${name}: ${reasons.at(-1)}\n`);
  process.exit(reasons.includes('EACCES') ? 126 : 127);
}

/** Returns only when the program cannot be executed: with the reason. */
function execute(program: string, argv: readonly string[], env: readonly string[]): string | undefined {
  try {
    libc?.execute(program, argv, env);
    return undefined;
  } catch (error) {
    return errnoOf(error);
  }
}

function candidates(name: string, path = '/bin:/usr/bin'): string[] {
  return name.includes('/') ? [name] : path.split(':').map((folder) => join(folder === '' ? '.' : folder, name));
}
