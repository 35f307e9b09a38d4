import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { loadArborist } from '../../npm/arborist.ts';
import { createTarballSource, type TarballSource } from '../../npm/fetch-tarballs.ts';
import { type FetchedPackage, isGit } from '../../npm/npm-tree.ts';
import { listPackage, type PackageFiles, unpackedSize, unpackPackage } from '../../npm/package-files.ts';
import { createPackageQueue, type PackageQueue } from '../../npm/package-queue.ts';
import { createRegistryConfig } from '../../npm/registry-config.ts';
import type { Session } from '../session.ts';
import type { StepContext } from '../steps/context.ts';
import { readNpmMachine } from './machine.ts';
import type { StageInstallation } from './stage-install.ts';

/** The packages of an installation, from npm's cache, ours, the registry or git. */
export interface PackageSource extends AsyncDisposable {
  /** Gets packages ready in an order, and tells how far it is. */
  queue(packages: readonly FetchedPackage[]): PackageQueue;
  /** Which of the programs that are to be linked a package has; known already where it was unpacked in this build. */
  programsIn(candidate: FetchedPackage): Promise<ReadonlySet<string>>;
}

export async function openPackages(
  { project, settings, installation, seen, git }: StageInstallation,
  { session, info }: StepContext,
): Promise<PackageSource> {
  const aborter = new AbortController();
  const signal = AbortSignal.any([session.signal, aborter.signal]);
  const tarballs = await openTarballs({ project, settings }, { session, signal });
  const notePrograms = (location: string, paths: { has(path: string): boolean }): void => {
    const programs = installation.programs.get(location) ?? new Set();
    seen.set(location, new Set([...programs].filter((program) => paths.has(program))));
  };
  const unpack = async (candidate: FetchedPackage, tarball: Buffer): Promise<PackageFiles> => {
    const spool = join(session.workspace.path, `package-${randomUUID()}`);
    const files = await unpackPackage(tarball, labelOf(candidate), spool);
    notePrograms(candidate.location, files);
    return files;
  };
  const obtain = (candidate: FetchedPackage): Promise<Buffer> =>
    isGit(candidate) ? git.pack(candidate, installation.packRules) : tarballs.get(candidate);
  const queues: PackageQueue[] = [];
  const progress = { type: 'progress', id: `npm-${info.id}`, label: 'npm packages', unit: 'items' } as const;
  return {
    queue(packages) {
      let current = 0;
      const total = packages.length;
      const fetch = async (candidate: FetchedPackage): Promise<Buffer> => {
        const tarball = await obtain(candidate);
        session.emit({ ...progress, current: ++current, total });
        return tarball;
      };
      const queue = createPackageQueue(packages, { fetch, sizeOf: unpackedSize, unpack });
      queues.push(queue);
      return queue;
    },
    async programsIn(candidate) {
      const isKnown = seen.has(candidate.location);
      if (!isKnown) notePrograms(candidate.location, await listPackage(await obtain(candidate), labelOf(candidate)));
      return seen.get(candidate.location) ?? new Set();
    },
    async [Symbol.asyncDispose]() {
      aborter.abort();
      await Promise.all(queues.map((queue) => queue.close()));
      await tarballs[Symbol.asyncDispose]();
    },
  };
}

function labelOf({ name, version }: FetchedPackage): string {
  return `${name}@${version}`;
}

async function openTarballs(
  { project, settings }: Pick<StageInstallation, 'project' | 'settings'>,
  { session, signal }: { readonly session: Session; readonly signal: AbortSignal },
): Promise<TarballSource> {
  const machine = readNpmMachine();
  const { createTarballStore } = await import('../../npm/tarballs.ts');
  const Arborist = await loadArborist();
  const standard = new Arborist({ path: session.workspace.path }).registry;
  return createTarballSource({
    store: createTarballStore({ npm: machine.contentFolder, own: session.folders.npmTarballs }),
    registry: createRegistryConfig(settings, machine.settings, standard),
    settings: machine.settings,
    offline: session.settings.offline,
    readProjectFile: (path) => project.read(path),
    signal,
  });
}
