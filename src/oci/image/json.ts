import { ContentError } from '../../core/errors.ts';

/** A JSON object whose members are not known yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @throws ContentError `CONTENT_BAD_JSON` */
export function parseJsonObject(bytes: Uint8Array, name: string): JsonObject {
  const value = parseJson(bytes, name);
  if (!isObject(value)) throw badJson(name, 'it is not an object');
  return value;
}

/** What a program or a server said, where nothing depends on it: what is no JSON object is an empty one. */
export function objectIn(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

function parseJson(bytes: Uint8Array, name: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw badJson(name, 'it is not JSON', cause);
  }
}

function badJson(name: string, why: string, cause?: unknown): ContentError {
  return new ContentError('CONTENT_BAD_JSON', `cannot read ${name}: ${why}`, {
    hint: 'the source is damaged, or is not an OCI image',
    cause,
  });
}

/** Members in the order of `keys`, then the others by name; members that are undefined are left out. */
export function orderMembers(value: JsonObject, keys: readonly string[]): JsonObject {
  const known = keys.filter((key) => value[key] !== undefined);
  const others = Object.keys(value).filter((key) => value[key] !== undefined && !keys.includes(key));
  return Object.fromEntries([...known, ...others.sort()].map((key) => [key, value[key]]));
}

/** Compact JSON, as registries and engines write it. */
export function formatJson(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}
