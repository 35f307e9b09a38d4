import { progressStyleOf } from './build-request.ts';
import { usageError } from './cli-error.ts';
import type { CommandContext } from './command.ts';
import type { CopyResult, ImageOptions } from './library.ts';
import {
  CACHE_DIR_OPTION,
  DEBUG_OPTION,
  FULL,
  HELP_OPTION,
  type OptionRow,
  PROGRESS_OPTION,
  REGISTRY_OPTIONS,
} from './option-row.ts';
import type { Arguments } from './parse-arguments.ts';
import { createProgress } from './progress/create-progress.ts';
import { registryOptionsOf } from './registry-request.ts';

export const PLATFORM_OPTION: OptionRow = {
  name: 'platform',
  value: 'OS/ARCH[,…]',
  repeatable: true,
  help: 'Which images of an index',
  fallback: 'the whole index',
  support: FULL,
};

/** Of the commands that move images. */
export const COPY_OPTIONS: readonly OptionRow[] = [
  ...REGISTRY_OPTIONS,
  PROGRESS_OPTION,
  { name: 'quiet', short: 'q', help: 'Print nothing but the digest, on stdout', support: FULL },
  CACHE_DIR_OPTION,
  DEBUG_OPTION,
  HELP_OPTION,
];

export const PLACES =
  'A place is REF or docker://REF (a registry), store:NAME (the local store), oci:DIR[:TAG], oci-archive:FILE[:NAME], docker-archive:FILE[:NAME], docker-daemon:NAME, podman:NAME or containerd:NAME.';

export function imageOptionsOf(args: Arguments): ImageOptions {
  const cacheDir = args.last('cache-dir');
  const platforms = args.all('platform').flatMap((text) => text.split(','));
  return {
    registry: registryOptionsOf(args),
    ...(cacheDir !== undefined && { cacheDir }),
    ...(platforms.length > 0 && { platforms }),
  };
}

interface CopyRequest {
  readonly from: string;
  readonly to: string;
  /** Where the command line says nothing about platforms. */
  readonly platforms?: readonly string[];
}

/** Copies, shows progress, and says what went where. */
export async function runCopy(context: CommandContext, { from, to, platforms }: CopyRequest): Promise<CopyResult> {
  const { args, host, library, signal } = context;
  const style = progressStyleOf(args, host.stderr, host.env);
  const { copyImage } = await library();
  const progress = await createProgress(style, host);
  const options = { ...(platforms !== undefined && { platforms }), ...imageOptionsOf(args) };
  try {
    const result = await copyImage(from, to, { ...options, signal, onEvent: (event) => progress.event(event) });
    progress.close();
    if (args.on('quiet')) host.stdout.write(`${result.descriptor.digest}\n`);
    else if (style !== 'json') host.stderr.write(`${result.to} is ${result.descriptor.digest}\n`);
    return result;
  } finally {
    progress.close();
  }
}

/** The words of a command that takes from `least` to `most` of them. */
export function wordsOf({ positionals }: Arguments, usage: string, least: number, most: number): readonly string[] {
  if (positionals.length >= least && positionals.length <= most) return positionals;
  const code = positionals.length < least ? 'OPTION_MISSING_ARGUMENT' : 'OPTION_TOO_MANY_ARGUMENTS';
  throw usageError(code, `wrong number of arguments: ${positionals.length}`, `write ${usage}`);
}
