import { rmSync } from 'node:fs';
import { FileDigests } from '../context/file-digests.ts';
import type { IsolationMethod } from '../core/sandbox.ts';
import { makeRoomForGroups } from '../io/delegated-group.ts';
import { createLimit, type Limit } from '../io/limit.ts';
import { createWorkspace, type Workspace } from '../io/workspace.ts';
import { createRegistryClient, type RegistryClient } from '../oci/registry/client.ts';
import { type SandboxHost, startSandboxHost } from '../rootfs/sandbox-host.ts';
import { type CacheFolders, cacheFolders } from './cache-folders.ts';
import { type Claims, createClaims } from './claims.ts';
import type { BuildControl } from './control.ts';
import type { Settings } from './defaults.ts';
import type { BuildEvent } from './events.ts';
import { type BuildTrace, createBuildTrace } from './explain/build-trace.ts';
import { projectOf } from './explain/project.ts';
import { type KeptContent, openContent } from './kept-content.ts';
import { type Leftovers, reclaimLeftovers } from './leftovers.ts';
import type { BuildOptions } from './options.ts';
import { createRemoteSources, type RemoteSources } from './remote/remote-sources.ts';
import type { LostSteps } from './shared/lost-steps.ts';
import { createSharedCaches, type SharedCaches } from './shared/shared-caches.ts';
import type { BuildInputs } from './unchanged/build-inputs.ts';
import { recordPath } from './unchanged/record-path.ts';

type WarningDiagnostic = Extract<BuildEvent, { type: 'warning' }>['diagnostic'];

/** What one build works with. Disposing gives everything back that must be given back, and never throws. */
export interface Session extends BuildControl, KeptContent, AsyncDisposable {
  readonly options: BuildOptions;
  readonly settings: Settings;
  readonly folders: CacheFolders;
  /** What this build uses. */
  readonly claims: Claims;
  readonly inputs: BuildInputs;
  /** Compares with the build before, and remembers this one. */
  readonly trace: BuildTrace;
  readonly lostSteps: LostSteps;
  readonly workspace: Workspace;
  /** Digests of files of contexts by their path on this machine, as steps were told them. */
  readonly told: FileDigests;
  /** Bounds the steps that run at the same time. */
  readonly limit: Limit;
  /** Failed commands are looked at one after the other. */
  readonly failureTurn: Limit;
  now(): Date;
  /** Tells of a method of isolation once, however many commands it runs. */
  isolatedBy(method: IsolationMethod): void;
  /** Emits a warning once, however many steps have reason to. */
  warnOnce(diagnostic: WarningDiagnostic): void;
  registry(): RegistryClient;
  /** What ADD and contexts fetch. */
  remotes(): RemoteSources;
  /** `undefined` when nothing is shared. */
  shared(): SharedCaches | undefined;
  /** Started when the first RUN needs it. */
  sandboxHost(): Promise<SandboxHost>;
  /** No RUN follows: the sandbox host gives back what it has, while the caller goes on. */
  releaseHost(): void;
}

/** A workspace whose claims cannot be written (a full disk) goes again. */
function claimsOf({ path }: Workspace, folders: CacheFolders): Claims {
  try {
    return createClaims(path, folders);
  } catch (error) {
    rmSync(path, { recursive: true, force: true });
    throw error;
  }
}

export function openSession(
  options: BuildOptions,
  settings: Settings,
  control: BuildControl & Pick<Session, 'inputs' | 'lostSteps'>,
): Session {
  const folders = cacheFolders(settings.cacheDir);
  const { signal } = control;
  const leftovers = reclaimLeftovers(folders);
  const workspace = createWorkspace(folders.temporary);
  const claims = claimsOf(workspace, folders);
  const content = openContent({ folders, workspace, claims, settings, signal });
  const project = projectOf(options, settings);
  const trace = createBuildTrace({ directory: folders.traces, project, records: content.records });
  const emit: BuildControl['emit'] = (event) => {
    trace.event(event);
    control.emit(event);
  };
  const methods = new Set<IsolationMethod>();
  const warned = new Set<string>();
  let client: RegistryClient | undefined;
  let remotes: RemoteSources | undefined;
  let shared: SharedCaches | undefined;
  let host: Promise<SandboxHost> | undefined;
  let released: Promise<void> | undefined;

  const session: Session = {
    ...control,
    emit,
    trace,
    options,
    settings,
    ...content,
    folders,
    claims,
    workspace,
    told: new FileDigests(),
    limit: createLimit(settings.maxParallelism),
    failureTurn: createLimit(1),
    now: options.now ?? (() => new Date()),
    isolatedBy(method) {
      if (!methods.has(method)) emit({ type: 'isolation', method });
      methods.add(method);
    },
    warnOnce(diagnostic) {
      if (!warned.has(diagnostic.message)) emit({ type: 'warning', diagnostic });
      warned.add(diagnostic.message);
    },
    registry() {
      if (settings.offline) throw new TypeError('an offline build asks for a registry');
      client ??= createRegistryClient({ ...options.registry, signal });
      return client;
    },
    shared() {
      const { cacheFrom = [], cacheTo = [] } = options;
      if (cacheFrom.length + cacheTo.length > 0) shared ??= createSharedCaches(session);
      return shared;
    },
    remotes() {
      // Whoever serves what is fetched may serve another content tomorrow.
      session.inputs.unknown();
      remotes ??= createRemoteSources(session);
      return remotes;
    },
    sandboxHost() {
      host ??= startHost({ folders, workspace, options, control, leftovers });
      return host;
    },
    releaseHost() {
      released ??= host && quietly(host.then((started) => started[Symbol.asyncDispose]()));
    },
    async [Symbol.asyncDispose]() {
      content.statCache.save();
      trace.save(recordPath(options, settings));
      session.releaseHost();
      await released;
      await quietly(shared?.atRest());
      await quietly(client?.close());
      await quietly(remotes?.close());
      await quietly(leftovers.removeWithWorkspace(workspace));
    },
  };
  return session;
}

/** What cannot be given back now is reclaimed by a later build; it must not hide how this one ended. */
async function quietly(work: PromiseLike<unknown> | undefined): Promise<void> {
  try {
    await work;
  } catch {}
}

interface HostRequest {
  readonly folders: CacheFolders;
  readonly workspace: Workspace;
  readonly options: BuildOptions;
  readonly control: BuildControl;
  readonly leftovers: Leftovers;
}

async function startHost({ folders, workspace, options, control, leftovers }: HostRequest): Promise<SandboxHost> {
  if (options.bounds !== undefined) makeRoomForGroups();
  const started = await startSandboxHost({
    stateDir: folders.snapshots,
    tempDir: workspace.path,
    isolation: options.isolation ?? 'auto',
    snapshotter: options.snapshotter,
    signal: control.signal,
  });
  control.emit({ type: 'snapshotter', ...started.snapshotter });
  await quietly(leftovers.removeWith(started));
  return started;
}
