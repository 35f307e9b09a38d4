import type { NpmTree } from '../../npm/npm-tree.ts';
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
 */
export function differenceOfNpm(version: string | undefined, { isWhole }: NpmTree): string | undefined {
  const major = Number.parseInt(version ?? '', 10);
  if (major < 10) return `npm ${version} of the image makes another tree`;
  if (major < 11 && !isWhole) return `npm ${version} of the image installs otherwise where packages are left out`;
  return undefined;
}
