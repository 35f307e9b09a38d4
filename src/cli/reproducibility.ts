import { CliError } from './cli-error.ts';
import type { ImageDifference } from './library.ts';

/** The failure of `--check-reproducible`: the first thing in which the two images differ. */
export function notReproducible(difference: ImageDifference): CliError {
  const changes = difference.changes.map(
    ({ what, first, second }) => `${what} ${first ?? '(none)'} → ${second ?? '(none)'}`,
  );
  return new CliError(
    'step',
    'STEP_NOT_REPRODUCIBLE',
    `two builds gave two images: ${placeOf(difference)}: ${changes.join(', ')}`,
    {
      hint: hintOf(difference),
    },
  );
}

function placeOf(difference: ImageDifference): string {
  switch (difference.kind) {
    case 'layer': {
      const { layer, createdBy, path } = difference;
      return `layer ${layer} (${createdBy})${path === undefined ? '' : `, path ${JSON.stringify(path)}`}`;
    }
    case 'configuration':
      return 'the configuration';
    case 'compression':
      return `the compressed bytes of layer ${difference.layer}`;
  }
}

function hintOf({ kind }: ImageDifference): string {
  if (kind === 'configuration') return 'fix the times with SOURCE_DATE_EPOCH, and leave --timestamps at its default';
  if (kind === 'compression') return 'this is a mistake of lamella: please report it';
  return 'make the command write the same each time: pin what it downloads, and have it use SOURCE_DATE_EPOCH for times';
}
