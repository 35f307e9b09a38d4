import { treePath } from '../core/paths.ts';
import { npmError } from './npm-error.ts';

/** The texts that say what a project depends on. */
export interface ProjectFiles {
  readonly packageJson: string;
  readonly lockfile: string;
  /** Text of `.npmrc`; `''` where there is none. */
  readonly npmrc: string;
  /** package.json of each folder of the project that the lockfile names, by folder. */
  readonly manifests: ReadonlyMap<string, string>;
}

/** Text of a file below the project's folder; `undefined` when there is none. */
export type ReadProjectFile = (path: string) => Promise<string | undefined>;

const LOCKFILES = ['npm-shrinkwrap.json', 'package-lock.json'];
const FOREIGN_LOCKFILES = ['pnpm-lock.yaml', 'yarn.lock', 'bun.lock', 'bun.lockb'];

/**
 * Reads what describes the dependencies of a project.
 * @param folder where the project is looked for, for people
 * @throws StepError `STEP_NPM_NO_MANIFEST`, `STEP_NPM_NO_LOCKFILE`, `STEP_NPM_FOREIGN_LOCKFILE`, `STEP_NPM_BAD_LOCKFILE`
 */
export async function readProjectFiles(read: ReadProjectFile, folder?: string): Promise<ProjectFiles> {
  const packageJson = await read('package.json');
  if (packageJson === undefined) {
    throw npmError(
      'STEP_NPM_NO_MANIFEST',
      `there is no package.json${folder === undefined ? '' : ` in ${JSON.stringify(folder)}`}`,
      'check the folder; in a Dockerfile, WORKDIR and what is copied before the step',
    );
  }
  const lockfile = await readLockfile(read);
  const folders = foldersOf(parseLockfile(lockfile));
  const manifests = new Map<string, string>();
  for (const folder of folders) {
    const text = await read(`${folder}/package.json`);
    if (text !== undefined) manifests.set(folder, text);
  }
  return { packageJson, lockfile, npmrc: (await read('.npmrc')) ?? '', manifests };
}

async function readLockfile(read: ReadProjectFile): Promise<string> {
  for (const name of LOCKFILES) {
    const text = await read(name);
    if (text !== undefined) return text;
  }
  for (const name of FOREIGN_LOCKFILES) {
    if ((await read(name)) === undefined) continue;
    throw npmError(
      'STEP_NPM_FOREIGN_LOCKFILE',
      `${name} is not a lockfile of npm`,
      'make one with `npm install`, or use RUN',
    );
  }
  throw npmError(
    'STEP_NPM_NO_LOCKFILE',
    'there is no package-lock.json',
    'make one with `npm install`; a Dockerfile copies it before the step',
  );
}

interface Lockfile {
  readonly packages: Readonly<Record<string, unknown>>;
}

function parseLockfile(text: string): Lockfile {
  const lock = parseJson(text);
  const version = Number(lock?.lockfileVersion);
  if (!(version === 2 || version === 3) || typeof lock?.packages !== 'object' || lock.packages === null) {
    throw npmError(
      'STEP_NPM_BAD_LOCKFILE',
      `package-lock.json has no lockfileVersion 2 or 3, but ${JSON.stringify(lock?.lockfileVersion)}`,
      'write it anew with `npm install --package-lock-only --lockfile-version 3`',
    );
  }
  return { packages: lock.packages as Record<string, unknown> };
}

function parseJson(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch (cause) {
    throw npmError(
      'STEP_NPM_BAD_LOCKFILE',
      'package-lock.json is not JSON',
      'resolve its conflicts or make it anew',
      cause,
    );
  }
}

/** The folders of the project itself: workspaces and what `file:` leads to. */
function foldersOf({ packages }: Lockfile): string[] {
  return Object.keys(packages).filter((location) => {
    const isInstalled = location.split('/').includes('node_modules');
    return location !== '' && !isInstalled && treePath(location) === location;
  });
}
