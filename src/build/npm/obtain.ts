import { join } from 'node:path';
import { loadArborist } from '../../npm/arborist.ts';
import { fetchTarballs } from '../../npm/fetch-tarballs.ts';
import { npmError } from '../../npm/npm-error.ts';
import type { TarballPackage } from '../../npm/npm-tree.ts';
import { createRegistryConfig } from '../../npm/registry-config.ts';
import { createTarballStore, type ReadTarball } from '../../npm/tarballs.ts';
import type { StepContext } from '../steps/context.ts';
import { readNpmMachine } from './machine.ts';
import type { StageInstallation } from './stage-install.ts';

/** Brings tarballs to this machine, from npm's cache first, and gives what reads them. */
export async function obtainTarballs(
  packages: readonly TarballPackage[],
  { project, settings }: StageInstallation,
  { session, info }: StepContext,
): Promise<ReadTarball> {
  const machine = readNpmMachine();
  const Arborist = await loadArborist();
  const standard = new Arborist({ path: session.workspace.path }).registry;
  const store = createTarballStore([machine.contentFolder, join(session.settings.cacheDir, 'npm', 'content')]);
  await fetchTarballs(packages, {
    store,
    registry: createRegistryConfig(settings, machine.settings, standard),
    settings: machine.settings,
    offline: session.settings.offline,
    readProjectFile: (path) => project.read(path),
    onProgress: (current, total) =>
      session.emit({ type: 'progress', id: `npm-${info.id}`, label: 'npm packages', current, total, unit: 'items' }),
    signal: session.signal,
  });
  return (candidate) => {
    const bytes = store.find(candidate.source.integrity);
    if (bytes !== undefined) return bytes;
    const { name, version } = candidate;
    throw npmError(
      'STEP_NPM_TARBALL_MISSING',
      `the tarball of ${name}@${version} vanished while it was used`,
      'build again',
    );
  };
}
