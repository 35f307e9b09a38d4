import { OptionError } from '../core/errors.ts';
import { suggest } from '../core/suggest.ts';
import type { BuildOptions, Output } from './options.ts';

/** What a value must be, in words for people. */
interface Kind {
  readonly is: string;
  readonly fits: (value: unknown) => boolean;
}

type Fields = Readonly<Record<string, unknown>>;

const isText = (value: unknown): value is string => typeof value === 'string';
const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null;
const listOf = (items: string, fits: (item: unknown) => boolean): Kind => ({
  is: `an array of ${items}`,
  fits: (value) => Array.isArray(value) && value.every(fits),
});
const oneOf = (...words: readonly string[]): Kind => ({
  is: `one of ${words.map((word) => `'${word}'`).join(', ')}`,
  fits: (value) => isText(value) && words.includes(value),
});

const TEXT: Kind = { is: 'a string', fits: isText };
const NUMBER: Kind = { is: 'a number', fits: (value) => typeof value === 'number' };
const FLAG: Kind = { is: 'true or false', fits: (value) => typeof value === 'boolean' };
const OBJECT: Kind = { is: 'an object', fits: isObject };
const FUNCTION: Kind = { is: 'a function', fits: (value) => typeof value === 'function' };
const TEXTS = listOf('strings', isText);
const OBJECTS = listOf('objects', isObject);
const TEXTS_BY_NAME: Kind = {
  is: 'an object whose values are strings',
  fits: (value) => isObject(value) && Object.values(value).every(isText),
};
const CONTEXT: Kind = {
  is: 'a path, an address, or a stream of a tar',
  fits: (value) => isText(value) || (isObject(value) && Symbol.asyncIterator in value),
};
const ON_ERROR: Kind = {
  is: "'fail', 'keep', or a function",
  fits: (value) => value === 'fail' || value === 'keep' || FUNCTION.fits(value),
};
const SIGNAL: Kind = { is: 'an AbortSignal', fits: (value) => isObject(value) && FLAG.fits(value.aborted) };

/** Of each type of output: whether it has a `destination`. */
const HAS_DESTINATION: Readonly<Record<Output['type'], boolean>> = {
  oci: true,
  'oci-layout': true,
  docker: true,
  registry: false,
  local: true,
  tar: true,
  engine: false,
  'docker-daemon': false,
  podman: false,
  containerd: false,
};

function isOutput(value: unknown): boolean {
  if (!isObject(value) || !isText(value.type) || !Object.hasOwn(HAS_DESTINATION, value.type)) return false;
  return HAS_DESTINATION[value.type as Output['type']] ? isText(value.destination) && value.destination !== '' : true;
}

const CACHE = ['registry', 'local', 'inline'];
const CACHES = listOf('{ type, … }', (value) => isObject(value) && CACHE.includes(String(value.type)));

const KINDS: { readonly [K in keyof Required<BuildOptions>]: Kind } = {
  context: CONTEXT,
  dockerfile: TEXT,
  dockerfileText: TEXT,
  ignoreSyntax: FLAG,
  target: TEXT,
  buildArgs: TEXTS_BY_NAME,
  tags: TEXTS,
  outputs: listOf('outputs, as ociLayout(…) gives them, or { type, destination }', isOutput),
  buildContexts: TEXTS_BY_NAME,
  secrets: OBJECTS,
  ssh: OBJECTS,
  labels: TEXTS_BY_NAME,
  platform: TEXT,
  platforms: TEXTS,
  annotations: OBJECTS,
  squash: FLAG,
  noCache: FLAG,
  noCacheFilter: TEXTS,
  pull: oneOf('always', 'newer', 'missing', 'never'),
  cacheFrom: CACHES,
  cacheTo: CACHES,
  cacheDir: TEXT,
  cacheMaxSize: NUMBER,
  registry: OBJECT,
  offline: FLAG,
  isolation: oneOf('auto', 'crun', 'runc', 'unshare', 'bwrap', 'chroot'),
  snapshotter: oneOf('auto', 'overlay', 'fuse-overlayfs', 'copy'),
  timestamps: oneOf('fixed', 'preserve'),
  sourceDateEpoch: NUMBER,
  compression: oneOf('gzip', 'zstd', 'none'),
  compressionLevel: NUMBER,
  forceCompression: FLAG,
  network: oneOf('default', 'none', 'host'),
  networkMode: oneOf('host', 'isolated'),
  stepTimeoutMs: NUMBER,
  onError: ON_ERROR,
  shmSizeBytes: NUMBER,
  maxLayerBytes: NUMBER,
  maxLayerEntries: NUMBER,
  addHosts: OBJECTS,
  noNewPrivileges: FLAG,
  ulimits: OBJECTS,
  bounds: OBJECT,
  allow: listOf("'network.host' and 'security.insecure'", isText),
  workspace: TEXT,
  npm: OBJECT,
  maxParallelism: NUMBER,
  now: FUNCTION,
  signal: SIGNAL,
  onEvent: FUNCTION,
};

/**
 * Refuses what only a compiler would have noticed: a value of another kind, and a name that is a slip of an option's. Other
 * properties are the caller's own.
 * @throws OptionError `OPTION_BAD_VALUE`, `OPTION_UNKNOWN`
 */
export function refuseUnfitOptions(options: BuildOptions): void {
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    if (isOption(name)) refuseUnfit(name, value);
    else refuseSlip(name);
  }
}

function isOption(name: string): name is keyof BuildOptions {
  return Object.hasOwn(KINDS, name);
}

function refuseUnfit(name: keyof BuildOptions, value: unknown): void {
  const { is, fits } = KINDS[name];
  if (fits(value)) return;
  throw new OptionError('OPTION_BAD_VALUE', `the option ${name} is ${shown(value)}`, { hint: `give ${is}` });
}

/** What other builders call their options. */
const ELSEWHERE: ReadonlyMap<string, keyof BuildOptions> = new Map([
  ['args', 'buildArgs'],
  ['contexts', 'buildContexts'],
  ['file', 'dockerfile'],
  ['push', 'outputs'],
]);

function refuseSlip(name: string): void {
  const meant = ELSEWHERE.get(name) ?? suggest(name, Object.keys(KINDS));
  if (meant === undefined) return;
  throw new OptionError('OPTION_UNKNOWN', `a build has no option ${JSON.stringify(name)}`, {
    hint: `did you mean "${meant}"?`,
  });
}

const SHOWN = 60;

/** Never what an object holds: it may be a secret. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (isObject(value)) return 'an object';
  if (typeof value === 'function') return 'a function';
  const text = isText(value) ? JSON.stringify(value) : String(value);
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}
