import type { ProjectConfig } from './project-config.ts';

/** What is known of a project without a Dockerfile. */
export interface ProjectFacts {
  readonly manifest: Manifest;
  readonly config: ProjectConfig;
  /** Whether no install script may run. */
  readonly ignoresScripts: boolean;
  /** Image to start from, pinned where the lock file of lamella pins it. */
  readonly base: string;
  /** Whether an `.npmrc` is there, which `npm ci` must see. */
  readonly hasNpmrc: boolean;
  readonly lockfile: string;
  /** Folders with a package.json of their own. */
  readonly folders: readonly string[];
  /** The chosen workspace: its folder, its manifest, and the folders that it needs. */
  readonly workspace?: {
    readonly name: string;
    readonly folder: string;
    readonly manifest: Manifest;
    readonly needs: readonly string[];
  };
  readonly revision?: string;
}

/** The fields of a package.json that an image is made from. */
export interface Manifest {
  readonly name?: string;
  readonly version?: string;
  readonly description?: string;
  readonly license?: string;
  readonly main?: string;
  readonly bin?: string | Readonly<Record<string, string>>;
  readonly files?: readonly string[];
  readonly scripts?: Readonly<Record<string, string>>;
  readonly engines?: { readonly node?: string };
  readonly repository?: string | { readonly url?: string };
}

/** Never in an image: secrets, tests, what only development needs, and what npm makes. */
const LEFT_OUT = (
  'node_modules **/node_modules .git .github .vscode .idea .env .env.* **/.env **/.env.* .npmrc **/.npmrc *.pem *.key ' +
  '**/*.pem **/*.key id_rsa* **/id_rsa* test tests __tests__ **/__tests__ **/*.test.* **/*.spec.* coverage .nyc_output ' +
  'tsconfig*.json *.tsbuildinfo .eslintrc* eslint.config.* .prettierrc* biome.json* vitest.config.* jest.config.* ' +
  'Dockerfile Dockerfile.* .dockerignore docker-compose*.yml compose*.yml lamella.lock'
).split(' ');

/**
 * The Dockerfile that stands for a project: dependencies first, so that they stay as they are when only sources change; the
 * build in a stage of its own; an ordinary user. Pure: the same facts give the same text.
 */
export function projectDockerfile(facts: ProjectFacts): string {
  const { manifest, config } = facts;
  const subject = facts.workspace?.manifest ?? manifest;
  const builds = config.build ?? subject.scripts?.build !== undefined;
  const stages = [...(builds ? [buildStage(facts)] : []), finalStage(facts, builds)];
  return `${stages.join('\n\n')}\n`;
}

function buildStage(facts: ProjectFacts): string {
  const only = facts.workspace === undefined ? '' : ` --workspace=${facts.workspace.name}`;
  return [
    `FROM ${facts.base} AS build`,
    'WORKDIR /app',
    ...copyManifests(facts),
    `RUN npm ci${ignoredScripts(facts)}`,
    `COPY ${excludes(['node_modules', '**/node_modules', '.git', '.env', '.env.*'])} . .`,
    `RUN npm run build${only}`,
  ].join('\n');
}

function finalStage(facts: ProjectFacts, builds: boolean): string {
  const { config, workspace } = facts;
  const variables = Object.entries({ NODE_ENV: 'production', ...config.env });
  const only = workspace === undefined ? '' : ` --workspace=${workspace.name}`;
  return [
    `FROM ${facts.base}`,
    ...variables.map(([name, value]) => `ENV ${name}=${quote(value)}`),
    'WORKDIR /app',
    ...copyManifests(facts),
    `RUN npm ci --omit=dev${only}${ignoredScripts(facts)}`,
    ...copyFiles(facts, builds),
    ...labels(facts),
    ...(config.expose ?? []).map((port) => `EXPOSE ${port}`),
    `USER ${config.user ?? 'node'}`,
    `STOPSIGNAL ${config.stopSignal ?? 'SIGTERM'}`,
    `CMD ${JSON.stringify(commandOf(facts))}`,
  ].join('\n');
}

function ignoredScripts({ ignoresScripts }: ProjectFacts): string {
  return ignoresScripts ? ' --ignore-scripts' : '';
}

function copyManifests({ lockfile, hasNpmrc, folders }: ProjectFacts): string[] {
  const names = ['package.json', lockfile, ...(hasNpmrc ? ['.npmrc'] : [])];
  const manifests = folders.map((folder) => `${folder}/package.json`);
  return [
    `COPY ${JSON.stringify([...names, './'])}`,
    ...(manifests.length === 0 ? [] : [`COPY --parents ${JSON.stringify([...manifests, './'])}`]),
  ];
}

/**
 * What installs packages is there already. The layer of the sources is without it, so that it stays as it is when a dependency
 * is updated; what a build wrote into a manifest comes after it.
 */
function copyFiles(facts: ProjectFacts, builds: boolean): string[] {
  const { config, manifest, workspace, lockfile } = facts;
  const chosen = config.files ?? workspace?.needs ?? manifest.files;
  const manifests = manifestsIn(facts, chosen);
  const without = [...manifests, ...(chosen === undefined ? [lockfile] : [])];
  const left = excludes([...LEFT_OUT, ...(config.exclude ?? []), ...without]);
  // Of a stage, the part behind the pivot is the path that is kept.
  const from = (path: string): string => `${builds ? '/app/./' : ''}${path.replace(/^\.?\//, '').replace(/\/$/, '')}`;
  const copy = builds ? 'COPY --from=build' : 'COPY';
  const sources =
    chosen === undefined
      ? `${copy} ${left} ${builds ? '/app' : '.'} ./`
      : `${copy} --parents ${left} ${JSON.stringify([...chosen.map(from), './'])}`;
  const isWritten = builds && manifests.length > 0;
  return [sources, ...(isWritten ? [`${copy} --parents ${JSON.stringify([...manifests.map(from), './'])}`] : [])];
}

/** The package.json of the project, or of its chosen workspaces; those of files that somebody named are named, too. */
function manifestsIn({ folders, workspace }: ProjectFacts, chosen: readonly string[] | undefined): string[] {
  const below = (names: readonly string[]): string[] =>
    names.filter((name) => PLAIN.test(name)).map((name) => `${name}/package.json`);
  if (chosen === undefined) return ['package.json', ...below(folders)];
  return chosen === workspace?.needs ? below(chosen) : [];
}

/** Names that are themselves in a pattern, and in a flag. */
const PLAIN = /^[\w@./-]+$/;

function excludes(patterns: readonly string[]): string {
  return patterns.map((pattern) => `--exclude=${pattern}`).join(' ');
}

function labels({ manifest, workspace, revision, config }: ProjectFacts): string[] {
  const { name, version, description, license } = workspace?.manifest ?? manifest;
  const { repository } = manifest;
  const url = typeof repository === 'string' ? repository : repository?.url;
  const values: readonly (readonly [string, string | undefined])[] = [
    ['title', name],
    ['version', version],
    ['description', description],
    ['licenses', license],
    ['source', url?.replace(/^git\+/, '').replace(/\.git$/, '')],
    ['revision', revision],
  ];
  const described = values.map(([key, value]) => [`org.opencontainers.image.${key}`, value] as const);
  const labelled = new Map([...described, ...Object.entries(config.labels ?? {})]);
  const known = [...labelled].flatMap(([key, value]) => (value ? [`${key}=${quote(value)}`] : []));
  return known.length === 0 ? [] : [`LABEL ${known.join(' \\\n      ')}`];
}

/** Nothing in it is expanded. */
function quote(value: string): string {
  return `"${value.replaceAll(/[\r\n]+/g, ' ').replaceAll(/["\\$]/g, (character) => `\\${character}`)}"`;
}

function commandOf({ config, manifest, workspace }: ProjectFacts): readonly string[] {
  if (config.command !== undefined) return config.command;
  const { scripts, bin, main } = workspace?.manifest ?? manifest;
  const below = workspace === undefined ? '' : `${workspace.folder}/`;
  const start = scripts?.start;
  const words = start?.trim().split(/\s+/) ?? [];
  if (words[0] === 'node' && !/["'$;&|<>`*]/.test(start ?? '')) return inFolder(words, below);
  if (start !== undefined)
    return ['npm', 'start', ...(workspace === undefined ? [] : [`--workspace=${workspace.name}`])];
  const program = typeof bin === 'string' ? bin : Object.values(bin ?? {})[0];
  return ['node', `${below}${(program ?? main ?? 'index.js').replace(/^\.\//, '')}`];
}

/** The first word that is no option is the program, a path in the workspace. */
function inFolder(words: readonly string[], below: string): string[] {
  const program = words.findIndex((word, index) => index > 0 && !word.startsWith('-'));
  return words.map((word, index) => (index === program ? `${below}${word.replace(/^\.\//, '')}` : word));
}
