import type { OmitType } from './npm-tree.ts';
import { listOf, type Npmrc } from './npmrc.ts';

/** Settings in the order in which they count: command line, environment, then files; see npm's `config`. */
export type SettingLayers = readonly Npmrc[];

/** The settings that decide what an installation makes. */
export interface InstallSettings {
  readonly omit: ReadonlySet<OmitType>;
  readonly workspaces: readonly string[];
  readonly includeWorkspaceRoot: boolean;
  readonly ignoreScripts: boolean;
  /** Packages whose install scripts may run. */
  readonly allowScripts: readonly string[];
  readonly binLinks: boolean;
  readonly engineStrict: boolean;
  readonly legacyPeerDeps: boolean;
  readonly installLinks: boolean;
  readonly omitResolved: boolean;
  /** Which packages may come from git; absent where nothing says so. */
  readonly allowGit?: string;
  /** Names of settings that make an installation which we cannot make. */
  readonly unsupported: readonly string[];
}

/** Settings of an installation; `production` is whether NODE_ENV says so, which is the default of `omit`. */
export function toInstallSettings(layers: SettingLayers, production: boolean): InstallSettings {
  const on = (name: string, otherwise = false): boolean => {
    const value = settingOf(layers, name);
    return value === undefined ? otherwise : value !== 'false';
  };
  const allowGit = settingOf(layers, 'allow-git');
  return {
    omit: omitOf(layers, production),
    workspaces: listOf(settingOf(layers, 'workspace')),
    includeWorkspaceRoot: on('include-workspace-root'),
    ignoreScripts: on('ignore-scripts'),
    allowScripts: [settingOf(layers, 'allow-scripts') ?? []]
      .flat()
      .flatMap((entry) => entry.split(',').map((name) => name.trim())),
    binLinks: on('bin-links', true),
    engineStrict: on('engine-strict'),
    legacyPeerDeps: on('legacy-peer-deps'),
    installLinks: on('install-links'),
    omitResolved: on('omit-lockfile-registry-resolved'),
    ...(allowGit !== undefined && { allowGit: String(allowGit) }),
    unsupported: unsupported(layers),
  };
}

export function settingOf(layers: SettingLayers, name: string): string | readonly string[] | undefined {
  return layers.find((layer) => layer.has(name))?.get(name);
}

const OMIT_TYPES: readonly OmitType[] = ['dev', 'optional', 'peer'];

function omitOf(layers: SettingLayers, production: boolean): ReadonlySet<OmitType> {
  const omit = new Set(listOf(settingOf(layers, 'omit') ?? (production ? ['dev'] : [])));
  const include = new Set(listOf(settingOf(layers, 'include')));
  const only = String(settingOf(layers, 'only') ?? '');
  const asked = String(settingOf(layers, 'production') ?? '');
  if (/^prod(?:uction)?$/.test(only) || (asked !== '' && asked !== 'false')) omit.add('dev');
  if (asked === 'false' || String(settingOf(layers, 'dev')) === 'true') include.add('dev');
  const optional = String(settingOf(layers, 'optional') ?? '');
  if (optional === 'false') omit.add('optional');
  if (optional === 'true') include.add('optional');
  return new Set(OMIT_TYPES.filter((type) => omit.has(type) && !include.has(type)));
}

/** Each with the values under which npm makes the ordinary tree. */
const ORDINARY: Readonly<Record<string, readonly string[]>> = {
  'install-strategy': ['hoisted', 'nested', 'shallow'],
  global: ['false'],
  location: ['user', 'project'],
  'dry-run': ['false'],
  'package-lock-only': ['false'],
  'package-lock': ['true'],
  workspaces: ['true'],
  force: ['false'],
  os: [],
  cpu: [],
  libc: [],
  shrinkwrap: ['true'],
};

function unsupported(layers: SettingLayers): string[] {
  return Object.entries(ORDINARY).flatMap(([name, ordinary]) => {
    const value = settingOf(layers, name);
    return value === undefined || value === 'null' || ordinary.includes(String(value)) ? [] : [`${name}=${value}`];
  });
}
