import { join } from 'node:path';
import { type Installation, planInstallation } from '../../src/npm/installation.ts';
import type { OmitType } from '../../src/npm/npm-tree.ts';
import { readProjectFiles } from '../../src/npm/project-files.ts';
import type { NpmTarget } from '../../src/npm/target.ts';
import { lockEntry, type MadePackage, makeTarball, projectTexts, type Tarball } from './npm-packages.ts';
import { tempDir } from './temp-dir.ts';

interface PlanOptions {
  readonly omit?: readonly OmitType[];
  readonly layers?: number;
  readonly target?: NpmTarget;
  readonly workspaces?: readonly string[];
  readonly engineStrict?: boolean;
}

export const GLIBC: NpmTarget = { os: 'linux', cpu: 'x64', libc: 'glibc' };

export async function plan(files: Readonly<Record<string, string>>, options: PlanOptions = {}): Promise<Installation> {
  const { omit = [], layers = 1, target = GLIBC, workspaces = [], engineStrict = false } = options;
  const project = await readProjectFiles(async (path) => files[path]);
  return await planInstallation(project, {
    target,
    engines: { node: '24.0.0' },
    omit: new Set(omit),
    workspaces,
    includeWorkspaceRoot: false,
    engineStrict,
    legacyPeerDeps: false,
    installLinks: false,
    omitResolved: false,
    allowScripts: [],
    scratch: join(tempDir(), 'scratch'),
    binLinks: true,
    layerCount: layers,
    packRules: 'npm 12',
  });
}

export function locations({ tree }: Installation): string[] {
  return tree.packages.map(({ location }) => location).sort();
}

export async function make(...made: readonly MadePackage[]): Promise<Tarball[]> {
  return await Promise.all(made.map(makeTarball));
}

export async function simpleProject(more: Partial<MadePackage> = {}) {
  const [a, b] = (await make({ name: 'a', version: '1.0.0', ...more }, { name: 'b', version: '2.0.0' })) as [
    Tarball,
    Tarball,
  ];
  const files = projectTexts(
    { dependencies: { a: '^1.0.0' }, devDependencies: { b: '^2.0.0' } },
    { 'node_modules/a': lockEntry(a), 'node_modules/b': lockEntry(b, { dev: true }) },
  );
  return { a, b, files };
}
