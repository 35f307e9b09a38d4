import { CliError, usageError } from './cli-error.ts';
import type { BuildOptions, InspectOptions, Output } from './library.ts';
import { npmOptionsOf } from './npm-request.ts';
import { parseAnnotations } from './parse-annotation.ts';
import type { Arguments } from './parse-arguments.ts';
import { parseBounds } from './parse-bounds.ts';
import { parseCacheFrom, parseCacheTo } from './parse-cache.ts';
import { parseMemorySize } from './parse-memory-size.ts';
import { type OutputRequest, parseOutput } from './parse-output.ts';
import { parseSecret } from './parse-secret.ts';
import { parseSsh } from './parse-ssh.ts';
import { registryOptionsOf } from './registry-request.ts';
import { badValue, parseDuration, parseHost, parseKeyValue, parseLimit, parseSize } from './values.ts';

export type Environment = Readonly<Record<string, string | undefined>>;
type Entitlement = NonNullable<BuildOptions['allow']>[number];
type Writable<T> = { -readonly [K in keyof T]: T[K] };

const ENTITLEMENTS: readonly Entitlement[] = ['network.host', 'security.insecure'];

/** The options of the library for a command line; pure. `-f -` is left to the caller, who can read standard input. */
export function toBuildOptions(args: Arguments, env: Environment): BuildOptions {
  const outputs = args.all('output').map(parseOutput);
  const options: Writable<BuildOptions> = {
    tags: [...args.all('tag'), ...outputs.flatMap((request) => request.names)],
    outputs: outputsOf(outputs, args),
    annotations: [...args.all('annotation').flatMap(parseAnnotations), ...outputs.flatMap((each) => each.annotations)],
    squash: args.on('squash'),
    ...platformsOf(args),
    forceCompression: outputs.some((each) => each.forceCompression),
    labels: pairsOf(args, 'label', () => ''),
    ssh: args.all('ssh').map(parseSsh),
    secrets: args.all('secret').map((text) => parseSecret(text, env)),
    addHosts: listOf(args, 'add-host').map(parseHost),
    allow: listOf(args, 'allow').map(toEntitlement),
    ulimits: args.all('ulimit').map(parseLimit),
    noNewPrivileges: args.all('security-opt').length > 0,
    noCache: args.on('no-cache'),
    noCacheFilter: listOf(args, 'no-cache-filter'),
    cacheFrom: args.all('cache-from').map((text) => parseCacheFrom(text)),
    cacheTo: args.all('cache-to').map(parseCacheTo),
    offline: args.on('offline'),
    registry: registryOptionsOf(args),
  };
  return withoutEmpty({
    ...toInspectOptions(args, env),
    ...options,
    ...singleValues(args),
    ...cacheLimitOf(args, env),
    ...compressionOf(outputs),
  });
}

/** What is built, of the rows in `DOCKERFILE_OPTIONS`; pure. */
export function toInspectOptions(args: Arguments, env: Environment): InspectOptions {
  const file = args.last('file');
  const options: InspectOptions = {
    context: contextOf(args),
    buildArgs: buildArgsOf(args, env),
    buildContexts: pairsOf(args, 'build-context', (value) => missing('build-context', value)),
  };
  const single = {
    dockerfile: file === '-' ? undefined : file,
    target: args.last('target'),
    platform: platformOf(args),
    ignoreSyntax: args.on('ignore-syntax') || undefined,
  };
  return withoutEmpty({ ...options, ...withoutUndefined(single) });
}

function singleValues(args: Arguments): BuildOptions {
  const pull = pullOf(args.last('pull'));
  return withoutUndefined({
    pull,
    network: args.last('network') as BuildOptions['network'],
    bounds: parseBounds(args),
    networkMode: args.last('network-mode') as BuildOptions['networkMode'],
    isolation: args.last('isolation') as BuildOptions['isolation'],
    snapshotter: args.last('snapshotter') as BuildOptions['snapshotter'],
    onError: args.last('on-error') === 'keep' ? 'keep' : undefined,
    timestamps: args.last('timestamps') as BuildOptions['timestamps'],
    maxParallelism: numberOf(args, 'max-parallelism'),
    shmSizeBytes: sizeOf(args, 'shm-size'),
    stepTimeoutMs: durationOf(args, 'step-timeout'),
    maxLayerBytes: layerSizeOf(args, 'max-layer-size'),
    maxLayerEntries: countOf(args, 'max-layer-entries'),
    cacheDir: args.last('cache-dir'),
    workspace: args.last('workspace'),
    npm: npmOptionsOf(args),
  });
}

function numberOf(args: Arguments, option: string): number | undefined {
  const text = args.last(option);
  if (text === undefined || /^[1-9]\d{0,8}$/.test(text)) return text === undefined ? undefined : Number(text);
  throw badValue(option, text, 'it is no whole number above 0', 'N');
}

function sizeOf(args: Arguments, option: string): number | undefined {
  const text = args.last(option);
  return text === undefined ? undefined : parseMemorySize(option, text);
}

function durationOf(args: Arguments, option: string): number | undefined {
  const text = args.last(option);
  return text === undefined ? undefined : parseDuration(option, text);
}

function cacheLimitOf(args: Arguments, env: Environment): BuildOptions {
  const size = args.last('cache-max-size') ?? env.LAMELLA_CACHE_MAX_SIZE;
  return size === undefined || size === '' ? {} : { cacheMaxSize: parseSize('cache-max-size', size) };
}

function layerSizeOf(args: Arguments, option: string): number | undefined {
  const text = args.last(option);
  return text === undefined ? undefined : parseSize(option, text);
}

function countOf(args: Arguments, option: string): number | undefined {
  const text = args.last(option);
  if (text !== undefined && !/^[1-9]\d{0,14}$/.test(text))
    throw badValue(option, text, 'it is no number', 'N, 1 or more');
  return text === undefined ? undefined : Number(text);
}

function contextOf(args: Arguments): string {
  const [context = '.', ...more] = args.positionals;
  if (more.length > 0) {
    const words = more.map((word) => JSON.stringify(word)).join(', ');
    throw usageError(
      'OPTION_TOO_MANY_ARGUMENTS',
      `there is one build context, but also ${words}`,
      'options stand before a value, as in -t NAME',
    );
  }
  return context;
}

function outputsOf(requests: readonly OutputRequest[], args: Arguments): NonNullable<BuildOptions['outputs']> {
  const outputs = requests.flatMap((request) => request.output ?? []);
  const byDigest = args.on('push-by-digest');
  const pushes = outputs.some((output) => output.type === 'registry');
  const push: Output[] = byDigest ? [{ type: 'registry', byDigest }] : [{ type: 'registry' }];
  const load: Output[] = [{ type: 'engine' }];
  return [
    ...outputs,
    ...((args.on('push') || byDigest) && !pushes ? push : []),
    ...(args.on('load') && !outputs.some((output) => output.type === 'engine') ? load : []),
  ];
}

function compressionOf(requests: readonly OutputRequest[]): BuildOptions {
  const asked = new Set(requests.flatMap((request) => request.compression ?? []));
  if (asked.size > 1) {
    throw usageError(
      'OPTION_CONFLICT',
      `one build has one compression, not ${[...asked].join(' and ')}`,
      'build once for each',
    );
  }
  const [compression] = asked;
  const level = requests.findLast((request) => request.compressionLevel !== undefined)?.compressionLevel;
  return {
    ...(compression !== undefined && { compression }),
    ...(level !== undefined && { compressionLevel: level }),
  };
}

/** A name alone takes its value from the environment; without one there it is not passed, as with buildx. */
function buildArgsOf(args: Arguments, env: Environment): Record<string, string> {
  return pairsOf(args, 'build-arg', (name) => env[name]);
}

function pairsOf(
  args: Arguments,
  option: string,
  lookUp: (name: string) => string | undefined,
): Record<string, string> {
  const pairs: Record<string, string> = {};
  for (const text of args.all(option)) {
    const [name, given] = parseKeyValue(option, text);
    const value = given ?? lookUp(name);
    if (value !== undefined) pairs[name] = value;
  }
  return pairs;
}

function missing(option: string, name: string): never {
  throw badValue(option, name, 'it has no value', 'NAME=SOURCE');
}

/** buildx splits these at commas. */
function listOf(args: Arguments, option: string): string[] {
  return args.all(option).flatMap((text) => text.split(','));
}

function toEntitlement(text: string): Entitlement {
  const entitlement = ENTITLEMENTS.find((candidate) => candidate === text);
  if (entitlement === undefined) throw badValue('allow', text, 'there is no such right', ENTITLEMENTS.join(' or '));
  return entitlement;
}

function platformOf(args: Arguments): string | undefined {
  const platforms = listOf(args, 'platform');
  return platforms.length === 1 ? platforms[0] : undefined;
}

/** Several, each once. */
function platformsOf(args: Arguments): Pick<BuildOptions, 'platforms'> {
  const platforms = [...new Set(listOf(args, 'platform'))];
  return platforms.length > 1 ? { platforms } : {};
}

function pullOf(value: string | undefined): BuildOptions['pull'] {
  if (value === 'true') return 'always';
  return value === 'false' ? undefined : (value as BuildOptions['pull']);
}

export type ProgressStyle = 'tty' | 'plain' | 'json' | 'quiet';

/** `auto` is `tty` where stderr is a terminal that can move its cursor. */
export function progressStyleOf(args: Arguments, stderr: { readonly isTTY: boolean }, env: Environment): ProgressStyle {
  const style = args.last('progress') ?? 'auto';
  if (args.on('quiet')) {
    if (style !== 'auto' && style !== 'quiet') {
      throw usageError(
        'OPTION_CONFLICT',
        `--quiet and --progress=${style} exclude each other`,
        'leave one of them out',
      );
    }
    return 'quiet';
  }
  if (style === 'auto') return stderr.isTTY && env.TERM !== 'dumb' ? 'tty' : 'plain';
  if (style === 'tty' && !stderr.isTTY) {
    throw new CliError('option', 'OPTION_NO_TERMINAL', '--progress=tty needs a terminal on stderr', {
      hint: 'use --progress=plain',
    });
  }
  return style as ProgressStyle;
}

function withoutUndefined(options: { readonly [K in keyof BuildOptions]: BuildOptions[K] | undefined }): BuildOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/** Leaves only what was asked for, so that the library's defaults hold for the rest. */
function withoutEmpty(options: BuildOptions): BuildOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => !isEmpty(value)));
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === false) return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && value !== null && Object.values(value).every(isEmpty);
}
