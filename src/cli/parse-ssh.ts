import type { BuildOptions } from './library.ts';
import { badValue } from './values.ts';

type SshAccess = NonNullable<BuildOptions['ssh']>[number];

/** `ID`, which is the agent of the environment, or `ID=PATH[,PATH…]`, a socket or private keys, as buildx has it. */
export function parseSsh(text: string): SshAccess {
  const at = text.indexOf('=');
  const id = at < 0 ? text : text.slice(0, at);
  if (id === '') throw badValue('ssh', text, 'it has no id', 'default, or ID=FILE');
  const paths = at < 0 ? [] : text.slice(at + 1).split(',');
  if (paths.includes('')) throw badValue('ssh', text, 'a path is empty', 'ID=FILE[,FILE]');
  return paths.length === 0 ? { id } : { id, paths };
}
