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

type Obtain = (candidate: FetchedPackage) => Promise<Buffer>;

export async function openPackages(stage: StageInstallation, context: StepContext): Promise<PackageSource> {
  const { installation, git } = stage;
  const { session } = context;
  const aborter = new AbortController();
  const signal = AbortSignal.any([session.signal, aborter.signal]);
  const tarballs = await openTarballs(stage, { session, signal });
  const unpack = async (candidate: FetchedPackage, tarball: Buffer): Promise<PackageFiles> => {
    const spool = join(session.workspace.path, `package-${randomUUID()}`);
    const files = await unpackPackage(tarball, labelOf(candidate), spool);
    notePrograms(stage, candidate, files);
    return files;
  };
  const obtain: Obtain = (candidate) =>
    isGit(candidate) ? git.pack(candidate, installation.packRules) : tarballs.get(candidate);
  const queues: PackageQueue[] = [];
  return {
    queue(packages) {
      const fetch = telling(obtain, packages.length, context);
      const queue = createPackageQueue(packages, { fetch, sizeOf: unpackedSize, unpack });
      queues.push(queue);
      return queue;
    },
    async programsIn(candidate) {
      const isKnown = stage.seen.has(candidate.location);
      if (!isKnown) notePrograms(stage, candidate, await listPackage(await obtain(candidate), labelOf(candidate)));
      return stage.seen.get(candidate.location) ?? new Set();
    },
    async [Symbol.asyncDispose]() {
      aborter.abort();
      await Promise.all(queues.map((queue) => queue.close()));
      await tarballs[Symbol.asyncDispose]();
    },
  };
}

/** Keeps in mind which of the programs that are to be linked a package has. */
function notePrograms(
  { installation, seen }: StageInstallation,
  { location }: FetchedPackage,
  paths: { has(path: string): boolean },
): void {
  const programs = installation.programs.get(location) ?? new Set();
  seen.set(location, new Set([...programs].filter((program) => paths.has(program))));
}

/** Tells with each package how far it is. */
function telling(obtain: Obtain, total: number, { session, info }: StepContext): Obtain {
  let current = 0;
  return async (candidate) => {
    const tarball = await obtain(candidate);
    current++;
    session.emit({ type: 'progress', id: `npm-${info.id}`, label: 'npm packages', unit: 'items', current, total });
    return tarball;
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
