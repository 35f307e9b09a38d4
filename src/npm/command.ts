import { listOf, type Npmrc } from './npmrc.ts';

/** An `npm ci` or `npm install` as a command, of which everything is understood. */
export interface NpmCommand {
  readonly kind: 'ci' | 'install';
  /** What its options set, as in `.npmrc`. */
  readonly settings: Npmrc;
  /** Variables that are set for it alone. */
  readonly env: ReadonlyMap<string, string>;
}

export type CommandReading =
  | { readonly kind: 'other' }
  | { readonly kind: 'npm'; readonly command: NpmCommand }
  /** An installation with something in it that only npm can do. */
  | { readonly kind: 'impossible'; readonly reason: string };

const CI = ['ci', 'clean-install', 'ic', 'install-clean', 'isntall-clean'];
const INSTALL = ['install', 'i', 'in', 'ins', 'inst', 'insta', 'instal', 'isnt', 'isnta', 'isntal', 'isntall', 'add'];

/** Options that change nothing of what is installed; those with a value take the next word. */
const WITHOUT_EFFECT = new Set(
  (
    'audit fund progress update-notifier prefer-offline prefer-online offline silent quiet verbose color timing yes ' +
    'foreground-scripts save strict-peer-deps unicode'
  ).split(' '),
);
const WITHOUT_EFFECT_VALUE = new Set(
  (
    'loglevel cache maxsockets fetch-retries fetch-retry-factor fetch-retry-mintimeout fetch-retry-maxtimeout ' +
    'fetch-timeout audit-level logs-max logs-dir script-shell'
  ).split(' '),
);
const SWITCHES = new Set(
  (
    'ignore-scripts include-workspace-root workspaces engine-strict legacy-peer-deps install-links bin-links ' +
    'production dev optional force global dry-run package-lock package-lock-only omit-lockfile-registry-resolved'
  ).split(' '),
);
const VALUES = new Set('omit include only workspace registry install-strategy os cpu libc location'.split(' '));
const SHORT: Readonly<Record<string, string>> = {
  s: 'silent',
  q: 'quiet',
  d: 'verbose',
  w: 'workspace',
  f: 'force',
  g: 'global',
  ws: 'workspaces',
  P: 'save',
};

/** Commands after an installation which there is nothing to do for: its cache is not in the image. */
const TAIL = /\s*&&\s*npm\s+cache\s+(?:clean|verify)(?:\s+(?:--force|-f))*\s*$/;

/** Reads the words of a RUN: `/bin/sh -c TEXT` or the words themselves. Pure. */
export function readNpmCommand(argv: readonly string[]): CommandReading {
  const text = shellText(argv);
  const words = text === undefined ? argv : wordsOf(text);
  if (words === undefined)
    return isInstallation(text ?? '') ? impossible('the command has other words') : { kind: 'other' };
  const env = new Map<string, string>();
  let at = 0;
  for (; text !== undefined; at++) {
    const [, name, value = ''] = /^([A-Za-z_]\w*)=(.*)$/s.exec(words[at] ?? '') ?? [];
    if (name === undefined) break;
    env.set(name, value);
  }
  if (words[at] !== 'npm') return { kind: 'other' };
  return readArguments(words.slice(at + 1), env);
}

function shellText(argv: readonly string[]): string | undefined {
  const [shell = '', flags = '', text, ...more] = argv;
  const isShell = /(?:^|\/)(?:ba|da|a)?sh$/.test(shell) && /^-[elx]*c$/.test(flags);
  return isShell && text !== undefined && more.length === 0 ? text : undefined;
}

/** Words without quotes and expansions; `undefined` for what needs a shell. */
function wordsOf(text: string): string[] | undefined {
  const alone = text.replace(TAIL, '').trim();
  if (/[|&;<>()$`\\"'*?[\]{}~#!\n]/.test(alone)) return undefined;
  return alone.split(/\s+/);
}

function isInstallation(text: string): boolean {
  return new RegExp(`(?:^|[\\s;&|])npm\\s+(?:-\\S+\\s+)*(?:${[...CI, ...INSTALL].join('|')})(?=$|[\\s;&|])`).test(text);
}

function impossible(reason: string): CommandReading {
  return { kind: 'impossible', reason };
}

function readArguments(words: readonly string[], env: ReadonlyMap<string, string>): CommandReading {
  const settings = new Map<string, string | readonly string[]>();
  const names: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    if (!word.startsWith('-')) {
      names.push(word);
      continue;
    }
    const option = readOption(word, words[at + 1]);
    if (option === undefined) {
      return isCommand(words) ? impossible(`it has the option ${word}`) : { kind: 'other' };
    }
    if (option.tookNext) at++;
    const earlier = settings.get(option.name);
    if (option.isList) settings.set(option.name, [...listOf(earlier), option.value]);
    else if (option.counts) settings.set(option.name, option.value);
  }
  const [name = '', ...more] = names;
  const kind = CI.includes(name) ? 'ci' : INSTALL.includes(name) ? 'install' : undefined;
  if (kind === undefined) return { kind: 'other' };
  if (more.length > 0) return impossible(`it names packages: ${more.join(' ')}`);
  return { kind: 'npm', command: { kind, settings, env } };
}

function isCommand(words: readonly string[]): boolean {
  return words.some((word) => CI.includes(word) || INSTALL.includes(word));
}

interface OptionWord {
  readonly name: string;
  readonly value: string;
  readonly tookNext: boolean;
  readonly isList: boolean;
  /** False for one without effect. */
  readonly counts: boolean;
}

function readOption(word: string, next: string | undefined): OptionWord | undefined {
  const [, dashes = '', key = '', given] = /^(--?)([^=]+)(?:=(.*))?$/s.exec(word) ?? [];
  const written = dashes === '-' ? (SHORT[key] ?? '') : key;
  const negated = written.startsWith('no-');
  const name = negated ? written.slice('no-'.length) : written;
  const takesValue = VALUES.has(name) || WITHOUT_EFFECT_VALUE.has(name);
  if (takesValue && negated) return undefined;
  if (takesValue) {
    const value = given ?? next;
    if (value === undefined) return undefined;
    const isList = name === 'omit' || name === 'include' || name === 'workspace';
    return { name, value, tookNext: given === undefined, isList, counts: VALUES.has(name) };
  }
  if (!SWITCHES.has(name) && !WITHOUT_EFFECT.has(name)) return undefined;
  const tookNext = given === undefined && (next === 'true' || next === 'false');
  const value = given ?? (tookNext ? (next ?? 'true') : 'true');
  return {
    name,
    value: negated ? String(value === 'false') : value,
    tookNext,
    isList: false,
    counts: SWITCHES.has(name),
  };
}
