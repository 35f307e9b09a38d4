import { isDigest } from '../../core/digest.ts';
import { ContentError } from '../../core/errors.ts';
import type { Descriptor } from '../../core/image.ts';
import type { Platform } from '../../core/platform.ts';
import { isObject, type JsonObject, orderMembers } from './json.ts';

/**
 * Reads a descriptor (image-spec, descriptor.md); `name` says in a message what it stands in.
 * @throws ContentError `CONTENT_BAD_DESCRIPTOR`
 */
export function parseDescriptor(value: unknown, name: string): Descriptor {
  if (!isObject(value)) throw badDescriptor(name, 'not an object');
  const { mediaType, digest, size } = value;
  if (typeof mediaType !== 'string' || mediaType === '') throw badDescriptor(name, 'no media type');
  if (typeof digest !== 'string' || !isDigest(digest)) throw badDescriptor(name, `digest ${JSON.stringify(digest)}`);
  if (!isSize(size)) throw badDescriptor(name, `size ${JSON.stringify(size)}`);
  const platform = parsePlatformObject(value.platform);
  const annotations = parseAnnotations(value.annotations);
  return { mediaType, digest, size, ...(platform && { platform }), ...(annotations && { annotations }) };
}

/** Members in the order in which registries write them; the platform with the names of image-spec, image-index.md. */
export function formatDescriptor(descriptor: Descriptor): JsonObject {
  const { mediaType, digest, size, platform, annotations } = descriptor;
  return {
    mediaType,
    digest,
    size,
    ...(annotations !== undefined && { annotations: orderMembers(annotations, []) }),
    ...(platform !== undefined && { platform: formatPlatformObject(platform) }),
  };
}

function formatPlatformObject(platform: Platform): JsonObject {
  const { architecture, os, osVersion, variant } = platform;
  return {
    architecture,
    os,
    ...(osVersion !== undefined && { 'os.version': osVersion }),
    ...(variant !== undefined && { variant }),
  };
}

function parsePlatformObject(value: unknown): Platform | undefined {
  if (!isObject(value)) return undefined;
  const { os, architecture, variant, 'os.version': osVersion } = value;
  if (typeof os !== 'string' || typeof architecture !== 'string') return undefined;
  return {
    os,
    architecture,
    ...(typeof variant === 'string' && variant !== '' && { variant }),
    ...(typeof osVersion === 'string' && osVersion !== '' && { osVersion }),
  };
}

function parseAnnotations(value: unknown): Readonly<Record<string, string>> | undefined {
  if (!isObject(value)) return undefined;
  return Object.fromEntries(Object.entries(value).filter((entry): entry is [string, string] => isText(entry[1])));
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isSize(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function badDescriptor(name: string, what: string): ContentError {
  return new ContentError('CONTENT_BAD_DESCRIPTOR', `bad descriptor in ${name}: ${what}`, {
    hint: 'lamella reads descriptors with a media type, a sha256 digest and a size in bytes',
  });
}
