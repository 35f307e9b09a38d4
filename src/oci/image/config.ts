import { isDigest, toDiffId } from '../../core/digest.ts';
import { ContentError } from '../../core/errors.ts';
import type { Descriptor, HistoryItem, ImageConfig, RuntimeConfig } from '../../core/image.ts';
import { MediaType } from '../../core/media-types.ts';
import { formatJson, isObject, type JsonObject, orderMembers, parseJsonObject } from './json.ts';

const CONFIG_KEYS = ['created', 'author', 'architecture', 'variant', 'os', 'os.version', 'config', 'rootfs', 'history'];
const RUNTIME_KEYS = [
  'User',
  'ExposedPorts',
  'Env',
  'Entrypoint',
  'Cmd',
  'Volumes',
  'WorkingDir',
  'Labels',
  'StopSignal',
  'ArgsEscaped',
  'OnBuild',
  'Healthcheck',
  'Shell',
];
const HEALTHCHECK_KEYS = ['Test', 'Interval', 'Timeout', 'StartPeriod', 'StartInterval', 'Retries'];
const HISTORY_KEYS = ['created', 'created_by', 'author', 'comment', 'empty_layer'];
const SETS = ['ExposedPorts', 'Volumes', 'Labels'];

/** No configuration of a real image comes near. */
export const CONFIG_LIMIT: number = 8 << 20;

/** @throws ContentError `CONTENT_NOT_AN_IMAGE` when the descriptor of a manifest's config names another kind of artifact. */
export function checkConfigType(config: Descriptor, name: string): void {
  if (config.mediaType === MediaType.ociConfig || config.mediaType === MediaType.dockerConfig) return;
  throw new ContentError('CONTENT_NOT_AN_IMAGE', `${name} is not a container image but "${config.mediaType}"`, {
    expected: MediaType.ociConfig,
    found: config.mediaType,
    hint: 'a base must be an image with layers; charts, signatures and other artifacts are not',
  });
}

/**
 * Reads an image configuration; what lamella does not know is kept.
 * @throws ContentError `CONTENT_BAD_JSON`, `CONTENT_BAD_CONFIG`
 */
export function parseConfig(bytes: Uint8Array, name: string): ImageConfig {
  const value = parseJsonObject(bytes, name);
  const { architecture, os, rootfs, history, config } = value;
  if (typeof architecture !== 'string' || architecture === '') throw badConfig(name, 'it names no architecture');
  if (typeof os !== 'string' || os === '') throw badConfig(name, 'it names no operating system');
  if (history !== undefined && history !== null && !isListOfObjects(history)) throw badConfig(name, 'bad history');
  if (config !== undefined && config !== null && !isObject(config)) throw badConfig(name, 'bad config member');
  return {
    ...dropNulls(value),
    architecture,
    os,
    rootfs: { type: 'layers', diff_ids: parseDiffIds(rootfs, name) },
  };
}

/** Writes a configuration with its members in one fixed order, so that equal values are equal bytes. */
export function formatConfig(config: ImageConfig): Uint8Array {
  return formatJson(
    orderMembers(
      {
        ...config,
        config: config.config && orderRuntime(config.config),
        rootfs: { type: 'layers', diff_ids: config.rootfs.diff_ids },
        history: config.history?.map((item: HistoryItem) => orderMembers({ ...item }, HISTORY_KEYS)),
      },
      CONFIG_KEYS,
    ),
  );
}

function orderRuntime(runtime: RuntimeConfig): JsonObject {
  const sets = SETS.map((key) => [key, runtime[key]] as const).filter(([, value]) => isObject(value));
  const sorted = sets.map(([key, value]) => [key, orderMembers(value as JsonObject, [])]);
  const health = runtime.Healthcheck && orderMembers({ ...runtime.Healthcheck }, HEALTHCHECK_KEYS);
  return orderMembers({ ...runtime, ...Object.fromEntries(sorted), Healthcheck: health }, RUNTIME_KEYS);
}

function parseDiffIds(rootfs: unknown, name: string): ImageConfig['rootfs']['diff_ids'] {
  const list: unknown = isObject(rootfs) ? (rootfs.diff_ids ?? []) : undefined;
  if (!Array.isArray(list)) throw badConfig(name, 'it has no list of diff IDs');
  return list.map((item: unknown) => {
    if (typeof item !== 'string' || !isDigest(item)) throw badConfig(name, `bad diff ID ${JSON.stringify(item)}`);
    return toDiffId(item);
  });
}

/** Go programs write an unset list as null. */
function dropNulls(value: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null));
}

function isListOfObjects(value: unknown): boolean {
  return Array.isArray(value) && value.every(isObject);
}

function badConfig(name: string, why: string): ContentError {
  return new ContentError('CONTENT_BAD_CONFIG', `cannot use ${name}: ${why}`, {
    hint: 'the image is damaged; pull or build it again',
  });
}
