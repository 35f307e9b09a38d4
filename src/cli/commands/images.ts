import type { Command, CommandContext } from '../command.ts';
import { cacheDirOf, refuseArguments } from '../common-arguments.ts';
import { formatBytes } from '../format.ts';
import type { StoredImage } from '../library.ts';
import { CACHE_DIR_OPTION, DEBUG_OPTION, FULL, HELP_OPTION } from '../option-row.ts';
import { formatTable } from '../table.ts';

export const imagesCommand: Command = {
  usage: 'lamella images [--json]',
  details: [
    'Lists every name in the local store, with digest, size of the compressed layers, creation time and platform.',
  ],
  options: [{ name: 'json', help: 'Print JSON', support: FULL }, CACHE_DIR_OPTION, DEBUG_OPTION, HELP_OPTION],
  examples: [{ command: 'lamella images --json', does: 'the same for programs' }],
  run,
};

const HEAD = ['NAME', 'DIGEST', 'SIZE', 'CREATED', 'PLATFORM'];

async function run({ args, host, library }: CommandContext): Promise<void> {
  refuseArguments(args, 'images');
  const { listImages } = await library();
  const images = await listImages(cacheDirOf(args));
  host.stdout.write(
    args.on('json') ? `${JSON.stringify(images, undefined, 2)}\n` : formatTable([HEAD, ...images.map(row)]),
  );
}

function row(image: StoredImage): string[] {
  const { name, digest, size, created = '', platform } = image;
  return [name, digest.slice(0, 'sha256:'.length + 12), formatBytes(size), created, platform];
}
