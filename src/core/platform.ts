import { OptionError } from './errors.ts';

/** A platform as in image-spec, image-index.md; always normalised (see {@link parsePlatform}). */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
  readonly osVersion?: string;
}

/** Values of GOOS and GOARCH: only these stand alone as a platform (reference, section 18). */
const OPERATING_SYSTEMS = new Set(
  'aix android darwin dragonfly freebsd hurd illumos ios js linux netbsd openbsd plan9 solaris wasip1 windows zos'.split(
    ' ',
  ),
);
const ARCHITECTURES = new Set(
  (
    '386 amd64 arm arm64 loong64 mips mipsle mips64 mips64le mips64p32 mips64p32le ppc ppc64 ppc64le riscv riscv64 ' +
    's390 s390x sparc sparc64 wasm'
  ).split(' '),
);

const OS_ALIASES: ReadonlyMap<string, string> = new Map([['macos', 'darwin']]);
const ARCHITECTURE_ALIASES: ReadonlyMap<string, readonly [architecture: string, variant?: string]> = new Map([
  ['x86_64', ['amd64']],
  ['x86-64', ['amd64']],
  ['i386', ['386']],
  ['aarch64', ['arm64']],
  ['armhf', ['arm', 'v7']],
  ['armel', ['arm', 'v6']],
]);

const COMPONENT = /^[\w.-]+$/;
const OS_COMPONENT = /^([\w-]+)(?:\(([\w.-]*)\))?$/;

/**
 * Reads `os`, `arch`, `os/arch`, `os/arch/variant` or `os(version)/arch` (reference, section 18), normalised.
 * `defaults` fills in what a single word leaves out.
 * @throws OptionError `OPTION_BAD_PLATFORM`
 */
export function parsePlatform(
  text: string,
  defaults: Pick<Platform, 'os' | 'architecture'> = { os: 'linux', architecture: 'amd64' },
): Platform {
  const parts = text.split('/');
  const [first = '', architecture, variant] = parts;
  const os = OS_COMPONENT.exec(first);
  if (parts.length > 3 || os === null || !parts.slice(1).every((part) => COMPONENT.test(part))) throw badPlatform(text);
  if (architecture === undefined) return parseSingleWord(text, os[2], defaults);
  return normalizePlatform({
    os: os[1] ?? '',
    architecture,
    ...(variant !== undefined && { variant }),
    ...(os[2] && { osVersion: os[2] }),
  });
}

function parseSingleWord(
  text: string,
  osVersion: string | undefined,
  defaults: Pick<Platform, 'os' | 'architecture'>,
): Platform {
  const word = normalizePlatform({ os: text.replace(/\(.*/, ''), architecture: text });
  if (OPERATING_SYSTEMS.has(word.os)) {
    return normalizePlatform({
      os: word.os,
      architecture: defaults.architecture,
      ...(osVersion && { osVersion }),
    });
  }
  if (ARCHITECTURES.has(word.architecture)) return normalizePlatform({ ...word, os: defaults.os });
  throw badPlatform(text);
}

/** `os[(version)]/architecture[/variant]`, the inverse of {@link parsePlatform}. */
export function formatPlatform(platform: Platform): string {
  const os = platform.osVersion === undefined ? platform.os : `${platform.os}(${platform.osVersion})`;
  const variant = platform.variant === undefined ? '' : `/${platform.variant}`;
  return `${os}/${platform.architecture}${variant}`;
}

/** Lower case, one name per architecture, default variants left out, except that arm always has one. Idempotent. */
export function normalizePlatform(platform: Platform): Platform {
  const os = platform.os.toLowerCase();
  const named = platform.architecture.toLowerCase();
  const [architecture, impliedVariant] = ARCHITECTURE_ALIASES.get(named) ?? [named];
  const variant = normalizeVariant(architecture, impliedVariant ?? (platform.variant ?? '').toLowerCase());
  return {
    os: OS_ALIASES.get(os) ?? os,
    architecture,
    ...(variant !== '' && { variant }),
    ...(platform.osVersion !== undefined && platform.osVersion !== '' && { osVersion: platform.osVersion }),
  };
}

function normalizeVariant(architecture: string, variant: string): string {
  const prefixed = /^\d/.test(variant) && /^arm(64)?$/.test(architecture) ? `v${variant}` : variant;
  switch (architecture) {
    case 'amd64':
      return prefixed === 'v1' ? '' : prefixed;
    case 'arm64':
      return /^v8(\.0)?$/.test(prefixed) ? '' : prefixed.replace(/^v9\.0$/, 'v9');
    case 'arm':
      return prefixed === '' ? 'v7' : prefixed;
    default:
      return prefixed;
  }
}

export function samePlatform(a: Platform, b: Platform): boolean {
  return formatPlatform(normalizePlatform(a)) === formatPlatform(normalizePlatform(b));
}

/**
 * Index of the candidate that runs best on `wanted`, as containerd chooses: an equal platform, else the highest lower
 * variant of the same architecture, else the 32-bit architecture that the processor runs too. Of equal candidates the
 * first one. A candidate without a platform is never chosen.
 */
export function choosePlatform(candidates: readonly (Platform | undefined)[], wanted: Platform): number | undefined {
  const target = normalizePlatform(wanted);
  for (const each of acceptedBy(target)) {
    const index = candidates.findIndex((candidate) => candidate && matches(candidate, target, each));
    if (index >= 0) return index;
  }
  return undefined;
}

interface Accepted {
  readonly architecture: string;
  /** `''` is the variant that normalising leaves out. */
  readonly variant: string;
}

function matches(candidate: Platform, target: Platform, wanted: Accepted): boolean {
  const { os, architecture, variant = '', osVersion } = normalizePlatform(candidate);
  const sameVersion = target.osVersion === undefined || osVersion === undefined || osVersion === target.osVersion;
  const sameMachine = architecture === wanted.architecture && variant === wanted.variant;
  return os === target.os && sameMachine && sameVersion;
}

/** What a machine of a platform can run, best first. */
function acceptedBy({ architecture, variant = '' }: Platform): readonly Accepted[] {
  const level = Number(/^v(\d)$/.exec(variant)?.[1] ?? 0);
  switch (architecture) {
    case 'amd64': {
      const variants = level > 1 ? [...countDown('v', level, 2), ''] : [variant];
      return [...accepted('amd64', variants), ...accepted('386', [''])];
    }
    case 'arm':
      return accepted('arm', level > 5 ? countDown('v', level, 5) : [variant]);
    case 'arm64':
      return [...accepted('arm64', arm64Variants(variant)), ...accepted('arm', countDown('v', 8, 5))];
    default:
      return accepted(architecture, [variant]);
  }
}

function accepted(architecture: string, variants: readonly string[]): Accepted[] {
  return variants.map((variant) => ({ architecture, variant }));
}

/** Minor versions build upon each other, and v9.0 upon v8.5. */
function arm64Variants(variant: string): readonly string[] {
  const [, major, digit = '0'] = /^v([89])(?:\.(\d))?$/.exec(variant === '' ? 'v8' : variant) ?? [];
  const minor = Number(digit);
  if (major === undefined) return [variant, ''];
  if (major === '8') return [...countDown('v8.', minor, 1), ''];
  return [...countDown('v9.', minor, 1), 'v9', ...countDown('v8.', minor + 5, 1), ''];
}

function countDown(prefix: string, from: number, to: number): string[] {
  return Array.from({ length: Math.max(from - to + 1, 0) }, (_, i) => `${prefix}${from - i}`);
}

function badPlatform(text: string): OptionError {
  return new OptionError('OPTION_BAD_PLATFORM', `invalid platform ${JSON.stringify(text)}`, {
    hint: 'write it as os/architecture or os/architecture/variant, such as linux/amd64 or linux/arm/v7',
  });
}
