import type { Descriptor, ImageConfig } from '../../core/image.ts';
import { compressionOf, MediaType } from '../../core/media-types.ts';
import type { Bytes, ContentReader, Written } from '../../core/ports.ts';
import { counted, DigestCounter } from '../../io/hash.ts';
import { TAR_RECORD } from '../../io/tar-header.ts';
import { parseConfig } from './config.ts';
import { decompress } from './decompress.ts';
import { checkConfigDocument, checkManifestDocument, type Report } from './document-rules.ts';
import { countLayers } from './history.ts';
import { type JsonObject, objectIn } from './json.ts';
import { isManifestType, type Manifest, parseManifest } from './manifest.ts';

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
const PORT = /^\d{1,5}(\/(tcp|udp|sctp))?$/;

/**
 * Reads an image again, whole, and says in sentences what breaks the image specification: digests, sizes and media
 * types, diff IDs of the decompressed layers, history against layers. Nothing is taken on trust, the reader neither.
 */
export async function validateImage(reader: ContentReader, descriptor: Descriptor): Promise<string[]> {
  const problems: string[] = [];
  const report = (problem: string): void => void problems.push(problem);
  const bytes = await readChecked(reader, descriptor, 'manifest', report);
  checkDocument(bytes, checkManifestDocument, report);
  const manifest = attempt(() => parseManifest(bytes, 'manifest', descriptor.mediaType), report);
  if (manifest?.kind === 'index') report('the descriptor names an index, not a manifest');
  if (manifest?.kind !== 'manifest') return problems;
  checkManifest(manifest, descriptor, report);
  const configBytes = await readChecked(reader, manifest.config, 'config', report);
  checkDocument(configBytes, checkConfigDocument, report);
  const config = attempt(() => parseConfig(configBytes, 'config'), report);
  if (config !== undefined) checkConfig(config, manifest, report);
  await checkLayers({ reader, manifest, config }, report);
  return problems;
}

/** By the members alone; what is no JSON at all is told by whoever parses it. */
function checkDocument(bytes: Uint8Array, check: (value: JsonObject, report: Report) => void, report: Report): void {
  check(objectIn(Buffer.from(bytes).toString()), report);
}

function checkManifest(manifest: Manifest, descriptor: Descriptor, report: Report): void {
  const { mediaType, config, layers } = manifest;
  if (!isManifestType(descriptor.mediaType)) report(`media type of the descriptor is "${descriptor.mediaType}"`);
  if (mediaType !== descriptor.mediaType) report(`media type of the manifest is "${mediaType}"`);
  const expected = mediaType === MediaType.ociManifest ? MediaType.ociConfig : MediaType.dockerConfig;
  if (config.mediaType !== expected) report(`media type of the config is "${config.mediaType}"`);
  layers.forEach((layer, at) => {
    if (compressionOf(layer.mediaType) === undefined) report(`media type of layer ${at} is "${layer.mediaType}"`);
  });
}

function checkConfig(config: ImageConfig, manifest: Manifest, report: Report): void {
  const { rootfs, history, created, config: runtime = {} } = config;
  const layers = manifest.layers.length;
  if (rootfs.diff_ids.length !== layers) report(`${rootfs.diff_ids.length} diff IDs for ${layers} layers`);
  if (history !== undefined && countLayers(history) !== layers) {
    report(`${countLayers(history)} history items that are not empty for ${layers} layers`);
  }
  for (const time of [created, ...(history ?? []).map((item) => item.created)]) {
    if (time !== undefined && !RFC_3339.test(time)) report(`"${time}" is not a time of RFC 3339`);
  }
  for (const variable of runtime.Env ?? []) {
    if (variable.indexOf('=') < 1) report(`environment variable "${variable}" is not NAME=value`);
  }
  for (const port of Object.keys(runtime.ExposedPorts ?? {})) {
    if (!PORT.test(port)) report(`exposed port "${port}" is not port/protocol`);
  }
}

interface LayerCheck {
  readonly reader: ContentReader;
  readonly manifest: Manifest;
  readonly config: ImageConfig | undefined;
}

async function checkLayers({ reader, manifest, config }: LayerCheck, report: Report): Promise<void> {
  for (const [at, layer] of manifest.layers.entries()) {
    const found = await hashLayer(reader, layer, (problem) => report(`layer ${at}: ${problem}`));
    const diffId: string | undefined = config?.rootfs.diff_ids[at];
    if (found === undefined || diffId === undefined) continue;
    if (found.digest !== diffId) report(`layer ${at} has the diff ID ${found.digest}, the config says ${diffId}`);
    if (found.size === 0 || found.size % TAR_RECORD !== 0) report(`layer ${at} is not a whole tar archive`);
  }
}

/** Digest and size of the uncompressed layer; those of the stored bytes are checked on the way. */
async function hashLayer(reader: ContentReader, layer: Descriptor, report: Report): Promise<Written | undefined> {
  const compression = compressionOf(layer.mediaType);
  if (compression === undefined) return undefined;
  const stored = new DigestCounter();
  try {
    const uncompressed = await drain(decompress(counted(reader.read(layer), stored), compression));
    reportDifference(stored.finish(), layer, report);
    return uncompressed;
  } catch (error) {
    report(messageOf(error));
    return undefined;
  }
}

async function readChecked(reader: ContentReader, target: Descriptor, name: string, report: Report): Promise<Buffer> {
  const counter = new DigestCounter();
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of counted(reader.read(target), counter)) chunks.push(chunk);
    reportDifference(counter.finish(), target, (problem) => report(`${name}: ${problem}`));
  } catch (error) {
    report(`${name}: ${messageOf(error)}`);
  }
  return Buffer.concat(chunks);
}

async function drain(bytes: Bytes): Promise<Written> {
  const counter = new DigestCounter();
  for await (const chunk of bytes) counter.update(chunk);
  return counter.finish();
}

function reportDifference(found: Written, expected: Written, report: Report): void {
  if (found.size !== expected.size) report(`size is ${found.size}, not ${expected.size}`);
  if (found.digest !== expected.digest) report(`digest is ${found.digest}, not ${expected.digest}`);
}

function attempt<T>(parse: () => T, report: Report): T | undefined {
  try {
    return parse();
  } catch (error) {
    report(messageOf(error));
    return undefined;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
