/** What becomes of an option of `docker buildx build` here. */
export type Support =
  | { readonly kind: 'full' }
  /** Accepted, said once on stderr. `why` completes "--name has no effect: …". */
  | { readonly kind: 'no-effect'; readonly why: string }
  /** Refused, with the alternative; `except` lists the values that ask for what happens anyway. */
  | { readonly kind: 'refused'; readonly instead: string; readonly except?: readonly string[] };

/** One option of a command: parsing, help, docs and the test of completeness all read these rows. */
export interface OptionRow {
  readonly name: string;
  readonly short?: string;
  /** Placeholder of the value in help; a row without one is a switch. */
  readonly value?: string;
  /** The value that a bare `--name` means; only `--name=VALUE` gives another. */
  readonly bare?: string;
  readonly repeatable?: true;
  readonly choices?: readonly string[];
  readonly fallback?: string;
  readonly help: string;
  readonly support: Support;
}

export const FULL: Support = { kind: 'full' };

export const HELP_OPTION: OptionRow = {
  name: 'help',
  short: 'h',
  help: 'Show this help',
  support: FULL,
};

export const DEBUG_OPTION: OptionRow = {
  name: 'debug',
  short: 'D',
  help: 'Show stack traces and all causes of an error',
  support: FULL,
};

export const PROGRESS_OPTION: OptionRow = {
  name: 'progress',
  value: 'STYLE',
  choices: ['auto', 'tty', 'plain', 'json', 'quiet'],
  help: 'Progress on stderr',
  fallback: 'auto, tty on a terminal, else plain',
  support: FULL,
};

export const CACHE_DIR_OPTION: OptionRow = {
  name: 'cache-dir',
  value: 'DIR',
  help: 'Folder of the image store and the build cache',
  fallback: '$XDG_CACHE_HOME/lamella, else ~/.cache/lamella',
  support: FULL,
};

/** How registries are reached: of every command that speaks to one. */
export const REGISTRY_OPTIONS: readonly OptionRow[] = [
  {
    name: 'registry-insecure',
    value: 'HOST',
    repeatable: true,
    help: 'Registry (host[:port]) to speak plain HTTP with',
    support: FULL,
  },
  {
    name: 'registry-mirror',
    value: '[HOST=]MIRROR',
    repeatable: true,
    help: 'Where to read first what HOST has; without HOST, what names without a registry mean',
    support: FULL,
  },
  {
    name: 'registry-ca',
    value: 'FILE',
    help: 'Certificate authorities (PEM) to trust besides the known ones',
    support: FULL,
  },
  {
    name: 'registry-certs',
    value: 'DIR',
    repeatable: true,
    help: 'Folder with HOST[:PORT]/*.crt, *.cert and *.key',
    fallback: '/etc/docker/certs.d and those of podman',
    support: FULL,
  },
];
