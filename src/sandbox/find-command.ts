import { resolve } from 'node:path';
import type { SandboxCommand } from '../core/sandbox.ts';
import { resolveInRoot } from '../io/in-root.ts';

/**
 * Exit code by which a shell would say that a command cannot be executed: 127 when there is none of that name, 126 when
 * it is no executable file. `undefined` when it could be started.
 */
export function missingCommandCode(
  root: string,
  { argv, env, cwd }: Pick<SandboxCommand, 'argv' | 'env' | 'cwd'>,
): 126 | 127 | undefined {
  const name = argv[0] ?? '';
  const found = candidates(name, env, cwd)
    .map((path) => resolveInRoot(root, path)?.stats)
    .filter((stats) => stats !== undefined);
  if (found.some((stats) => stats.isFile() && (stats.mode & 0o111) !== 0)) return undefined;
  return found.length === 0 ? 127 : 126;
}

/** The first of some programs that can be executed; names are looked for as the environment says. */
export function findExecutable(
  root: string,
  { names, env }: { readonly names: readonly string[]; readonly env: readonly string[] },
): string | undefined {
  return names.find((name) => missingCommandCode(root, { argv: [name], env, cwd: '/' }) === undefined);
}

function candidates(name: string, env: readonly string[], cwd: string): string[] {
  if (name.includes('/')) return [resolve(cwd, name)];
  const path = env.findLast((variable) => variable.startsWith('PATH='))?.slice('PATH='.length) ?? '/bin:/usr/bin';
  return path.split(':').map((folder) => resolve(cwd, folder, name));
}
