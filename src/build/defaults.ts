import { resolve } from 'node:path';
import { OptionError } from '../core/errors.ts';
import { DEFAULT_LIMITS, type LayerLimits } from '../core/limits.ts';
import type { Compression } from '../core/media-types.ts';
import { formatPlatform, type Platform, parsePlatform } from '../core/platform.ts';
import { coreCount, defaultCacheDir, environment, hostArchitecture } from '../io/host.ts';
import { DEFAULT_NPM_LAYERS } from '../npm/layer-plan.ts';
import { isBuilderSwitchOn } from '../plan/build-args.ts';
import { refuseIndexAnnotations } from './annotations.ts';
import { badEpoch, parseEpoch } from './epoch.ts';
import type { BuildOptions, NpmOptions, Secret } from './options.ts';

/** Options with every default filled in and every contradiction refused. */
export interface Settings {
  /** Of a context that is a directory. */
  readonly contextDir: string;
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly cacheDir: string;
  /** Of `platforms` the one that is built now. */
  readonly platform: Platform;
  /** At least one. */
  readonly platforms: readonly Platform[];
  /** Several platforms, or one that is wanted under an index all the same. */
  readonly isIndex: boolean;
  readonly buildPlatform: Platform;
  /** Whether the caller named a platform: then it is also the image's, whatever the base says. */
  readonly platformGiven: boolean;
  readonly compression: Compression;
  readonly limits: LayerLimits;
  readonly timestamps: 'fixed' | 'preserve';
  /** Seconds since 1970; `undefined` when nobody gave one. */
  readonly sourceDateEpoch: number | undefined;
  /** What the caller gave for it: the number, or the name of what has a time. */
  readonly epochSource: string | undefined;
  readonly pull: 'always' | 'newer' | 'missing' | 'never';
  readonly offline: boolean;
  readonly maxParallelism: number;
  readonly npm: NpmSettings;
  readonly noCache: boolean;
  /** In lower case. */
  readonly noCacheFilter: readonly string[];
  readonly ignoreSyntax: boolean;
}

export interface NpmSettings extends Required<NpmOptions> {
  /** Whether native layers must be what the npm of the image would make. */
  readonly asInImage: boolean;
}

export function resolveSettings(options: BuildOptions): Settings {
  refuseContradictions(options);
  const buildPlatform: Platform = parsePlatform(`linux/${hostArchitecture()}`);
  const given = platformsGiven(options);
  const [platform = buildPlatform] = given;
  return {
    contextDir: resolve(typeof options.context === 'string' ? options.context : '.'),
    buildArgs: options.buildArgs ?? {},
    cacheDir: resolve(options.cacheDir ?? defaultCacheDir()),
    platform,
    platforms: given.length === 0 ? [buildPlatform] : given,
    isIndex: isIndexWanted(options),
    buildPlatform,
    platformGiven: given.length > 0,
    compression: options.compression ?? 'gzip',
    limits: {
      bytes: options.maxLayerBytes ?? DEFAULT_LIMITS.bytes,
      entries: options.maxLayerEntries ?? DEFAULT_LIMITS.entries,
    },
    timestamps: options.timestamps ?? 'fixed',
    ...sourceDateEpoch(options),
    pull: options.offline === true ? 'never' : (options.pull ?? 'newer'),
    offline: options.offline ?? false,
    maxParallelism: options.maxParallelism ?? coreCount(),
    noCache: options.noCache ?? false,
    npm: { mode: 'suggest', layers: DEFAULT_NPM_LAYERS, scripts: 'container', asInImage: true, ...options.npm },
    noCacheFilter: (options.noCacheFilter ?? []).map((name) => name.toLowerCase()),
    ignoreSyntax: options.ignoreSyntax ?? false,
  };
}

/** Each platform once, in the order given. */
function platformsGiven({ platform, platforms }: BuildOptions): Platform[] {
  const texts = platforms ?? (platform === undefined ? [] : [platform]);
  const parsed = texts.map((text) => parsePlatform(text));
  return [...new Map(parsed.map((each) => [formatPlatform(each), each])).values()];
}

/** BUILDKIT_MULTI_PLATFORM wants an index of one (reference, section 19). */
function isIndexWanted(options: BuildOptions): boolean {
  return platformsGiven(options).length > 1 || isBuilderSwitchOn(options.buildArgs ?? {}, 'BUILDKIT_MULTI_PLATFORM');
}

function refuseContradictions(options: BuildOptions): void {
  if (options.dockerfile !== undefined && options.dockerfileText !== undefined) {
    throw new OptionError('OPTION_CONTRADICTION', 'both dockerfile and dockerfileText are given', {
      hint: 'give the path of the Dockerfile or its text, not both',
    });
  }
  if (options.outputs?.some(({ type }) => type === 'registry') && (options.tags ?? []).length === 0) {
    throw new OptionError('OPTION_NO_TAG', 'an image cannot be pushed without a name', {
      hint: 'name it with -t registry.example.com/team/app:1 (option tags)',
    });
  }
  if (!isIndexWanted(options)) refuseIndexAnnotations(options.annotations ?? []);
  if (options.offline === true) refuseNetwork(options);
  for (const name of AT_LEAST_ONE) refuseBelowOne(name, options[name]);
  const npmLayers = options.npm?.layers ?? DEFAULT_NPM_LAYERS;
  if (!Number.isInteger(npmLayers) || npmLayers < 1 || npmLayers > MAX_NPM_LAYERS) {
    throw new OptionError('OPTION_BAD_VALUE', `npm.layers is ${npmLayers}`, {
      hint: `give a whole number from 1 to ${MAX_NPM_LAYERS}`,
    });
  }
  refuseUnknownLevel(options);
  for (const secret of options.secrets ?? []) refuseAmbiguousSecret(secret);
}

function refuseNetwork(options: BuildOptions): void {
  const wants = wantedOfNetwork(options);
  if (wants === undefined) return;
  throw new OptionError('OPTION_CONTRADICTION', `a build that is offline ${wants}`, {
    hint: 'leave out --offline, or push later from the store with "lamella push"',
  });
}

function wantedOfNetwork({ outputs = [], pull, cacheFrom = [], cacheTo = [] }: BuildOptions): string | undefined {
  if (outputs.some(({ type }) => type === 'registry')) return 'pushes';
  if (pull === 'always') return 'always pulls';
  return [...cacheFrom, ...cacheTo].some(({ type }) => type === 'registry')
    ? 'shares a cache by a registry'
    : undefined;
}

const AT_LEAST_ONE = ['maxParallelism', 'stepTimeoutMs', 'maxLayerBytes', 'maxLayerEntries'] as const;

function refuseBelowOne(name: string, value: number | undefined): void {
  if (value === undefined || value >= 1) return;
  throw new OptionError('OPTION_BAD_VALUE', `${name} is ${value}`, { hint: 'give 1 or more' });
}

function refuseUnknownLevel({ compression = 'gzip', compressionLevel: level }: BuildOptions): void {
  const highest = { gzip: 9, zstd: 19, none: 0 }[compression];
  if (level === undefined || (Number.isInteger(level) && level >= 1 && level <= highest)) return;
  throw new OptionError('OPTION_BAD_VALUE', `${compression} has no compression level ${level}`, {
    hint: highest === 0 ? 'leave the level out' : `give a whole number from 1 to ${highest}`,
  });
}

function refuseAmbiguousSecret({ id, file, env, value }: Secret): void {
  const given = [file, env, value].filter((source) => source !== undefined);
  if (given.length === 1) return;
  const count = given.length === 0 ? 'no value' : `${given.length} values`;
  throw new OptionError('OPTION_BAD_SECRET', `the secret ${JSON.stringify(id)} has ${count}`, {
    hint: 'give one of file, env and value',
  });
}

/** An image may have 127 layers in all. */
const MAX_NPM_LAYERS = 64;

/** Option, then build argument, then environment (reference, section 20; design 5). Empty counts as none. */
function sourceDateEpoch(options: BuildOptions): Pick<Settings, 'sourceDateEpoch' | 'epochSource'> {
  const given = options.sourceDateEpoch ?? options.buildArgs?.SOURCE_DATE_EPOCH;
  const text = String(given ?? environment('SOURCE_DATE_EPOCH') ?? '');
  if (text === '') return { sourceDateEpoch: undefined, epochSource: undefined };
  const seconds = parseEpoch(text);
  if (seconds === undefined && given === undefined) throw badEpoch(text);
  return { sourceDateEpoch: seconds, epochSource: given === undefined ? undefined : text };
}
