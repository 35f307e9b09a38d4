import { type CliError, usageError } from './cli-error.ts';
import type { BuildOptions, Output } from './library.ts';
import { badValue, parseFields } from './values.ts';

type Compression = NonNullable<BuildOptions['compression']>;

/** What one `--output` asks for. */
export interface OutputRequest {
  /** Absent for `type=image`, which only keeps the image in the store. */
  readonly output?: Output;
  readonly names: readonly string[];
  readonly compression?: Compression;
}

const FORM = 'type=oci,dest=FILE (also oci-layout, docker, registry)';
const COMPRESSIONS: ReadonlyMap<string, Compression> = new Map([
  ['gzip', 'gzip'],
  ['zstd', 'zstd'],
  ['uncompressed', 'none'],
]);
/** Attributes of buildx outputs, with the values that ask for what happens anyway. */
const FIXED_ATTRIBUTES: ReadonlyMap<string, string> = new Map([
  ['oci-mediatypes', 'true'],
  ['force-compression', 'false'],
  ['rewrite-timestamp', 'false'],
  ['unpack', 'false'],
  ['store', 'true'],
]);
const READ_ATTRIBUTES = new Set(['type', 'dest', 'name', 'tar', 'push', 'compression']);

/** @throws CliError of the family `option` */
export function parseOutput(text: string): OutputRequest {
  if (!text.includes('=')) throw noFileTree(text);
  const fields = parseFields('output', text);
  for (const [name, value] of fields) checkAttribute(text, name, value);
  const output = outputOf(text, fields);
  const compression = compressionOf(text, fields.get('compression'));
  return {
    names: fields.get('name')?.split(',') ?? [],
    ...(output !== undefined && { output }),
    ...(compression !== undefined && { compression }),
  };
}

function outputOf(text: string, fields: ReadonlyMap<string, string>): Output | undefined {
  const type = fields.get('type');
  switch (type) {
    case 'oci': {
      const directory = fields.get('tar') === 'false';
      return { type: directory ? 'oci-layout' : 'oci', destination: destinationOf(text, fields) };
    }
    case 'oci-layout':
    case 'docker':
      return { type, destination: destinationOf(text, fields) };
    case 'registry':
      return { type };
    case 'image':
      return fields.get('push') === 'true' ? { type: 'registry' } : undefined;
    case 'local':
    case 'tar':
      throw noFileTree(text);
    default:
      throw badValue('output', text, type === undefined ? 'it has no type' : `there is no type "${type}"`, FORM);
  }
}

function destinationOf(text: string, fields: ReadonlyMap<string, string>): string {
  const destination = fields.get('dest');
  if (destination === undefined || destination === '') throw badValue('output', text, 'dest is missing', FORM);
  if (destination === '-') {
    throw usageError(
      'OPTION_UNSUPPORTED',
      `--output ${text}: an image is not written to standard output`,
      'name a file, as in dest=app.tar',
    );
  }
  return destination;
}

function checkAttribute(text: string, name: string, value: string): void {
  if (READ_ATTRIBUTES.has(name) || FIXED_ATTRIBUTES.get(name) === value) return;
  const fixed = FIXED_ATTRIBUTES.get(name);
  const why = fixed === undefined ? `unknown attribute "${name}"` : `${name} is always ${fixed}`;
  throw badValue('output', text, why, FORM);
}

function compressionOf(text: string, value: string | undefined): Compression | undefined {
  if (value === undefined) return undefined;
  const compression = COMPRESSIONS.get(value);
  if (compression === undefined) {
    throw badValue(
      'output',
      text,
      `there is no compression "${value}"`,
      `type=…,compression=${[...COMPRESSIONS.keys()].join('|')}`,
    );
  }
  return compression;
}

function noFileTree(text: string): CliError {
  return usageError(
    'OPTION_UNSUPPORTED',
    `--output ${text}: lamella writes images, not file trees`,
    'write -o type=oci-layout,dest=DIR, or type=oci or type=docker with dest=FILE',
  );
}
