import { usageError } from './cli-error.ts';
import type { Arguments } from './parse-arguments.ts';

/** The folder that was named, as an option of the library. */
export function cacheDirOf(args: Arguments): { readonly cacheDir?: string } {
  const cacheDir = args.last('cache-dir');
  return cacheDir === undefined ? {} : { cacheDir };
}

export function refuseArguments(args: Arguments, command: string): void {
  if (args.positionals.length === 0) return;
  throw usageError('OPTION_TOO_MANY_ARGUMENTS', `${command} takes no arguments`, `write \`lamella ${command}\``);
}

/** The directory that may be named; this one when it is left out. */
export function directoryOf(args: Arguments): string {
  const [directory = '.', ...more] = args.positionals;
  if (more.length === 0) return directory;
  throw usageError('OPTION_TOO_MANY_ARGUMENTS', `there is one directory, but also ${more.join(', ')}`, 'name one');
}
