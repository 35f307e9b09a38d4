import { suggest } from '../../core/suggest.ts';
import { CliError, usageError } from '../cli-error.ts';
import type { Command, CommandContext } from '../command.ts';
import type { Library } from '../library.ts';
import { CACHE_DIR_OPTION, DEBUG_OPTION, HELP_OPTION } from '../option-row.ts';

export const rmCommand: Command = {
  usage: 'lamella rm NAME…',
  details: ['Removes each name, and prints it. Layers stay in the cache, where the next build finds them.'],
  options: [CACHE_DIR_OPTION, DEBUG_OPTION, HELP_OPTION],
  examples: [{ command: 'lamella rm app:1 app:2', does: 'forget two images' }],
  run,
};

async function run({ args, host, library }: CommandContext): Promise<void> {
  if (args.positionals.length === 0) {
    throw usageError('OPTION_NO_NAME', 'rm needs the name of an image', '`lamella images` lists the names');
  }
  const cacheDir = args.last('cache-dir');
  const options = cacheDir === undefined ? {} : { cacheDir };
  const loaded = await library();
  for (const name of args.positionals) {
    if (!(await loaded.removeImage(name, options))) throw await noSuchImage(name, loaded, options);
    host.stdout.write(`${name}\n`);
  }
}

async function noSuchImage(name: string, { listImages }: Library, options: { cacheDir?: string }): Promise<CliError> {
  const names = (await listImages(options)).map((image) => image.name);
  const meant = suggest(name, [...names, ...names.map((known) => known.replace(/:latest$/, ''))]);
  const hint = meant === undefined ? '`lamella images` lists the names' : `did you mean ${JSON.stringify(meant)}?`;
  return new CliError('content', 'CONTENT_NO_SUCH_IMAGE', `no image is named ${JSON.stringify(name)}`, { hint });
}
