import { usageError } from '../cli-error.ts';
import type { Command, CommandContext } from '../command.ts';
import type { InspectedImage } from '../library.ts';
import { CACHE_DIR_OPTION, DEBUG_OPTION, FULL, HELP_OPTION, REGISTRY_OPTIONS } from '../option-row.ts';
import { imageOptionsOf, PLACES, PLATFORM_OPTION, wordsOf } from '../run-copy.ts';

export const inspectCommand: Command = {
  usage: 'lamella inspect [OPTION…] PLACE',
  details: [
    'Prints what is known about an image, as JSON, without fetching its layers. A name that is in the local store means that image, else the registry is asked.',
    PLACES,
  ],
  options: [
    PLATFORM_OPTION,
    { name: 'raw', help: 'Print the manifest or the index, byte for byte', support: FULL },
    { name: 'config', help: 'Print the image configuration', support: FULL },
    ...REGISTRY_OPTIONS,
    CACHE_DIR_OPTION,
    DEBUG_OPTION,
    HELP_OPTION,
  ],
  examples: [
    { command: 'lamella inspect node:24-slim', does: 'digest, platforms and layers' },
    { command: 'lamella inspect --raw oci:image', does: 'the manifest of a layout' },
  ],
  run,
};

async function run({ args, host, library, signal }: CommandContext): Promise<void> {
  const [place = ''] = wordsOf(args, 'lamella inspect PLACE', 1, 1);
  const { inspectImage } = await library();
  const inspected = await inspectImage(place, { ...imageOptionsOf(args), signal });
  if (args.on('raw')) return void host.stdout.write(inspected.raw);
  const { raw: _, ...known } = inspected;
  const shown = args.on('config') ? requiredConfig(inspected, place) : known;
  host.stdout.write(`${JSON.stringify(shown, undefined, 2)}\n`);
}

function requiredConfig({ config, platforms }: InspectedImage, place: string): NonNullable<InspectedImage['config']> {
  if (config !== undefined) return config;
  throw usageError(
    'OPTION_NO_PLATFORM',
    `${place} is an index of several images`,
    `choose one with --platform: ${platforms.join(', ')}`,
  );
}
