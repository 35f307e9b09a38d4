import { digestOf } from '../../io/hash.ts';
import { isObject, type JsonObject } from './json.ts';

/** RFC 6838, section 4.2. */
const MEDIA_TYPE = /^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}\/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}$/;
/** image-spec, descriptor.md, "Digests"; the registered algorithms say what the rest looks like. */
const DIGEST = /^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$/;
const REGISTERED: Readonly<Record<string, RegExp>> = { sha256: /^[a-f0-9]{64}$/, sha512: /^[a-f0-9]{128}$/ };
/** image-spec, annotations.md, `org.opencontainers.image.ref.name`. */
const REF_NAME = /^[A-Za-z0-9]+(?:[-._:@+]|--)?[A-Za-z0-9]*(?:(?:[-._:@+]|--|\/)[A-Za-z0-9]+)*$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const OWN_PREFIX = 'org.opencontainers.';
const OWN_KEYS = [
  ...['created', 'authors', 'url', 'documentation', 'source', 'version', 'revision', 'vendor', 'licenses'],
  ...['ref.name', 'title', 'description', 'base.digest', 'base.name'],
];

export type Report = (problem: string) => void;

/** What of the rules of image-spec, manifest.md, a manifest breaks: those that its members alone can break. */
export function checkManifestDocument(value: JsonObject, report: Report): void {
  checkVersion(value, report);
  checkMediaType(value.artifactType, 'artifactType', { report, isOptional: true });
  checkDescriptor(value.config, 'config', report);
  checkDescriptors(value.layers, 'layers', report);
  if (value.subject !== undefined) checkDescriptor(value.subject, 'subject', report);
  checkAnnotations(value.annotations, 'the manifest', report);
}

/** The same for image-spec, image-index.md. */
export function checkIndexDocument(value: JsonObject, report: Report): void {
  checkVersion(value, report);
  checkMediaType(value.artifactType, 'artifactType', { report, isOptional: true });
  checkDescriptors(value.manifests, 'manifests', report);
  if (value.subject !== undefined) checkDescriptor(value.subject, 'subject', report);
  checkAnnotations(value.annotations, 'the index', report);
}

/** The same for image-spec, config.md. */
export function checkConfigDocument(value: JsonObject, report: Report): void {
  const { rootfs, config } = value;
  if (isObject(rootfs) && rootfs.type !== 'layers') report(`type of rootfs is ${shown(rootfs.type)}, not "layers"`);
  if (!isObject(config)) return;
  for (const name of ['ExposedPorts', 'Volumes'] as const) {
    for (const [key, member] of entriesOf(config[name])) {
      if (!isObject(member) || Object.keys(member).length > 0) report(`${name} ${shown(key)} is no empty object`);
    }
  }
  for (const [key, member] of entriesOf(config.Labels)) {
    if (typeof member !== 'string') report(`label ${shown(key)} is no text`);
  }
  for (const name of ['Env', 'Entrypoint', 'Cmd'] as const) {
    const list = config[name];
    if (list !== undefined && list !== null && !isListOfTexts(list)) report(`${name} is no list of texts`);
  }
}

function checkVersion({ schemaVersion }: JsonObject, report: Report): void {
  if (schemaVersion !== 2) report(`schemaVersion is ${shown(schemaVersion)}, not 2`);
}

function checkDescriptors(list: unknown, name: string, report: Report): void {
  if (!Array.isArray(list)) return void report(`${name} is no list`);
  for (const [at, item] of (list as readonly unknown[]).entries()) checkDescriptor(item, `${name}[${at}]`, report);
}

/** image-spec, descriptor.md, "Properties". */
function checkDescriptor(value: unknown, name: string, report: Report): void {
  if (!isObject(value)) return void report(`${name} is no descriptor`);
  const { mediaType, artifactType, digest, size, urls, data, annotations } = value;
  checkMediaType(mediaType, `mediaType of ${name}`, { report });
  checkMediaType(artifactType, `artifactType of ${name}`, { report, isOptional: true });
  if (!isSpecifiedDigest(digest)) report(`digest of ${name} is ${shown(digest)}`);
  if (!Number.isSafeInteger(size) || Number(size) < 0) report(`size of ${name} is ${shown(size)}`);
  if (urls !== undefined && !(isListOfTexts(urls) && urls.every((url) => URL.canParse(url)))) {
    report(`urls of ${name} are no list of addresses`);
  }
  if (data !== undefined) checkData({ data, digest, size }, name, report);
  if (value.platform !== undefined) checkPlatform(value.platform, name, report);
  checkAnnotations(annotations, name, report);
}

/** The content itself, "Embedded Content". */
function checkData({ data, digest, size }: JsonObject, name: string, report: Report): void {
  if (typeof data !== 'string' || !BASE64.test(data)) return void report(`data of ${name} is no base64`);
  const bytes = Buffer.from(data, 'base64');
  if (bytes.length !== size || digestOf(bytes) !== digest) report(`data of ${name} is not what its digest says`);
}

/** image-spec, image-index.md, `platform`. */
function checkPlatform(value: unknown, name: string, report: Report): void {
  if (!isObject(value)) return void report(`platform of ${name} is no object`);
  for (const member of ['architecture', 'os'] as const) {
    if (typeof value[member] !== 'string' || value[member] === '') report(`platform of ${name} has no ${member}`);
  }
}

function checkMediaType(
  value: unknown,
  name: string,
  { report, isOptional = false }: { readonly report: Report; readonly isOptional?: boolean },
): void {
  if (isOptional && value === undefined) return;
  if (typeof value !== 'string' || !MEDIA_TYPE.test(value)) report(`${name} is ${shown(value)}, no media type`);
}

/** image-spec, annotations.md, "Rules". */
function checkAnnotations(value: unknown, name: string, report: Report): void {
  if (value === undefined) return;
  if (!isObject(value)) return void report(`annotations of ${name} are no object`);
  for (const [key, text] of Object.entries(value)) {
    if (key === '') report(`an annotation of ${name} has no key`);
    if (typeof text !== 'string') report(`annotation ${shown(key)} of ${name} is no text`);
    if (key.startsWith(OWN_PREFIX) && !OWN_KEYS.includes(key.replace(`${OWN_PREFIX}image.`, ''))) {
      report(`annotation ${shown(key)} of ${name} is none of the specification's own`);
    }
    if (key === `${OWN_PREFIX}image.ref.name` && !REF_NAME.test(String(text))) {
      report(`${shown(text)} is no name of a reference`);
    }
  }
}

function isSpecifiedDigest(value: unknown): boolean {
  if (typeof value !== 'string' || !DIGEST.test(value)) return false;
  const colon = value.indexOf(':');
  return REGISTERED[value.slice(0, colon)]?.test(value.slice(colon + 1)) ?? true;
}

function isListOfTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function entriesOf(value: unknown): [string, unknown][] {
  return isObject(value) ? Object.entries(value) : [];
}

function shown(value: unknown): string {
  return JSON.stringify(value) ?? 'missing';
}
