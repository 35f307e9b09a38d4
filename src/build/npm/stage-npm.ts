import type { PackRules } from '../../npm/git/pack-folder.ts';
import { type GitPackage, isGit, type NpmTree } from '../../npm/npm-tree.ts';
import type { StageProject } from './stage-project.ts';

/** Where Node images, and Debian, have npm. */
const PLACES = ['usr/local/lib/node_modules/npm', 'usr/lib/node_modules/npm', 'usr/share/nodejs/npm'];

/** The version of the npm that the command of a stage would run; `undefined` where there is none. */
export async function npmVersionOf({ readAnywhere }: StageProject): Promise<string | undefined> {
  for (const place of PLACES) {
    const manifest = await readAnywhere(`${place}/package.json`);
    if (manifest !== undefined) return versionOf(manifest.toString());
  }
  return undefined;
}

/** Where Node images, and packages of Linux distributions, have its headers. */
const HEADERS = ['usr/local/include/node/node_version.h', 'usr/include/node/node_version.h'];

/**
 * The version of the Node of a stage: as images of Node say it in NODE_VERSION, else as its headers do; `undefined` where
 * nothing tells.
 */
export async function nodeVersionOf(
  { readAnywhere }: StageProject,
  said: string | undefined,
): Promise<string | undefined> {
  if (said !== undefined) return said.replace(/^v/, '');
  for (const place of HEADERS) {
    const text = (await readAnywhere(place))?.toString() ?? '';
    const numbers = ['MAJOR', 'MINOR', 'PATCH'].map(
      (part) => new RegExp(`^#define NODE_${part}_VERSION (\\d+)`, 'm').exec(text)?.[1],
    );
    if (numbers.every((number) => number !== undefined)) return numbers.join('.');
  }
  return undefined;
}

function versionOf(manifest: string): string | undefined {
  try {
    const { version } = JSON.parse(manifest) as { readonly version?: unknown };
    return typeof version === 'string' ? version : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Why the npm of a stage would make another tree than ours, which is that of npm 11 and 12; `undefined` where it would not.
 * npm 10 leaves folders behind of what is left out, and installs what only packages of other platforms need; older ones also
 * write another `.package-lock.json`.
 * @param allowGit npm's setting, whose default is `none` since npm 12
 */
export function differenceOfNpm(
  version: string | undefined,
  tree: NpmTree,
  allowGit: string | undefined,
): string | undefined {
  const major = majorOf(version);
  if (major < 10) return `npm ${version} of the image makes another tree`;
  if (major < 11 && !tree.isWhole) return `npm ${version} of the image installs otherwise where packages are left out`;
  const allowed = allowGit ?? (major >= 12 ? 'none' : 'all');
  const refused = tree.packages.filter(isGit).find((candidate) => !isAllowed(candidate, allowed));
  return refused && `${refused.name}@${refused.version} comes from git, which allow-git=${allowed} forbids`;
}

function isAllowed({ isDirect }: GitPackage, allowed: string): boolean {
  return allowed === 'all' || (allowed === 'root' && isDirect);
}

/** How the npm of a stage packs what comes from git; where there is none, as the newest does. */
export function packRulesOf(version: string | undefined): PackRules {
  return majorOf(version) < 12 ? 'npm 10' : 'npm 12';
}

/** Not a number where there is no npm: neither more nor less than any. */
function majorOf(version: string | undefined): number {
  return Number.parseInt(version ?? '', 10);
}
