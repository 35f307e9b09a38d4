import { type CliError, usageError } from './cli-error.ts';
import type { BuildOptions, Output } from './library.ts';
import { parseAnnotation } from './parse-annotation.ts';
import { badValue, parseFields } from './values.ts';

type Compression = NonNullable<BuildOptions['compression']>;
type Annotation = NonNullable<BuildOptions['annotations']>[number];

/** What one `--output` asks for. */
export interface OutputRequest {
  /** Absent for `type=image`, which only keeps the image in the store. */
  readonly output?: Output;
  readonly names: readonly string[];
  readonly compression?: Compression;
  readonly compressionLevel?: number;
  readonly forceCompression?: boolean;
  readonly annotations: readonly Annotation[];
}

const FORM = 'type=oci,dest=FILE (also oci-layout, docker, local, tar, registry, docker-daemon, podman, containerd)';
const COMPRESSIONS: ReadonlyMap<string, Compression> = new Map([
  ['gzip', 'gzip'],
  ['zstd', 'zstd'],
  ['uncompressed', 'none'],
]);
/** Attributes of buildx outputs, with the values that ask for what happens anyway. */
const FIXED_ATTRIBUTES: ReadonlyMap<string, string> = new Map([
  ['oci-mediatypes', 'true'],
  ['rewrite-timestamp', 'false'],
  ['unpack', 'false'],
  ['store', 'true'],
]);
const READ_ATTRIBUTES = new Set([
  ...['type', 'dest', 'name', 'tar', 'push', 'push-by-digest', 'compression', 'compression-level', 'force-compression'],
]);

/** @throws CliError of the family `option` */
export function parseOutput(text: string): OutputRequest {
  // What a variable without a value leaves: not the folder of the caller.
  if (text === '') throw badValue('output', text, 'dest is missing', FORM);
  // As with docker: a folder alone, or - for a tar stream.
  if (!text.includes('=')) return { names: [], annotations: [], output: fileTree(text, text) };
  const fields = parseFields('output', text);
  for (const [name, value] of fields) checkAttribute(text, name, value);
  const output = outputOf(text, fields);
  const compression = compressionOf(text, fields.get('compression'));
  return {
    names: fields.get('name')?.split(',') ?? [],
    ...(output !== undefined && { output }),
    ...(compression !== undefined && { compression }),
    ...levelOf(text, fields.get('compression-level')),
    ...(fields.get('force-compression') === 'true' && { forceCompression: true }),
    annotations: [...fields].flatMap(([name, value]) =>
      name.startsWith('annotation') ? [parseAnnotation(`${name.slice('annotation'.length)}=${value}`, text)] : [],
    ),
  };
}

function levelOf(text: string, value: string | undefined): Pick<OutputRequest, 'compressionLevel'> {
  if (value === undefined) return {};
  const level = Number(value);
  if (Number.isInteger(level) && level >= 1 && level <= 19) return { compressionLevel: level };
  throw badValue(
    'output',
    text,
    `there is no compression level "${value}"`,
    'type=…,compression-level=1…9 (zstd: 1…19)',
  );
}

function outputOf(text: string, fields: ReadonlyMap<string, string>): Output | undefined {
  const type = fields.get('type');
  switch (type) {
    case 'oci': {
      const directory = fields.get('tar') === 'false';
      return { type: directory ? 'oci-layout' : 'oci', destination: destinationOf(text, fields) };
    }
    case 'oci-layout':
      return { type, destination: destinationOf(text, fields) };
    case 'docker':
      // With docker, and here, it goes into the engine where no file is named.
      return fields.has('dest') ? { type, destination: destinationOf(text, fields) } : { type: 'engine' };
    case 'registry':
      return registryOf(fields);
    case 'image':
      return fields.get('push') === 'true' ? registryOf(fields) : undefined;
    case 'local':
    case 'tar':
      return { type, destination: destinationOf(text, fields) };
    case 'docker-daemon':
    case 'podman':
    case 'containerd':
      return { type };
    default:
      throw badValue('output', text, type === undefined ? 'it has no type' : `there is no type "${type}"`, FORM);
  }
}

function registryOf(fields: ReadonlyMap<string, string>): Output {
  return { type: 'registry', ...(fields.get('push-by-digest') === 'true' && { byDigest: true }) };
}

function fileTree(text: string, destination: string): Output {
  if (destination !== '-') return { type: 'local', destination };
  throw noStream(text);
}

function destinationOf(text: string, fields: ReadonlyMap<string, string>): string {
  const destination = fields.get('dest');
  if (destination === undefined || destination === '') throw badValue('output', text, 'dest is missing', FORM);
  if (destination === '-') throw noStream(text);
  return destination;
}

function checkAttribute(text: string, name: string, value: string): void {
  if (READ_ATTRIBUTES.has(name) || /^annotation(?:-|\.|\[)/.test(name) || FIXED_ATTRIBUTES.get(name) === value) return;
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

function noStream(text: string): CliError {
  return usageError(
    'OPTION_UNSUPPORTED',
    `--output ${text}: nothing is written to standard output`,
    'name a file, as in dest=app.tar',
  );
}
