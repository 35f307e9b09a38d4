import { platform } from 'node:os';
import { join, resolve } from 'node:path';
import { StepError } from '../core/errors.ts';
import type { IsolationMethod, SnapshotterName } from '../core/sandbox.ts';
import type { Toc } from '../core/toc.ts';
import { userId } from '../io/host.ts';
import { decodeToc } from '../layers/toc-codec.ts';
import type { ArrivingBlob } from './arriving-blob.ts';
import { HostConnection } from './host-connection.ts';
import { canMapAuto } from './host-id-maps.ts';
import { chrootLaunch, type HostLaunch, hostLaunches, launchRefused, withoutMapAuto } from './host-launch.ts';
import type {
  ArrivingLayer,
  HostFacts,
  HostFlavor,
  HostSettings,
  LayerToUnpack,
  SnapshotterChoice,
} from './host-messages.ts';
import { type ActiveSnapshot, openSnapshot } from './snapshot-client.ts';

export type { ActiveSnapshot };

export interface SandboxHostOptions {
  /** Folder for the directories of layers, which all builds of a cache share. */
  readonly stateDir: string;
  /** Folder for what this build works with; on the file system of `stateDir`. */
  readonly tempDir: string;
  readonly isolation: 'auto' | IsolationMethod;
  /** Default `auto`: the best that works with `tempDir`. */
  readonly snapshotter?: 'auto' | SnapshotterName | undefined;
  /** Ends commands that have no signal of their own. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The process that has the rights to mount, to own files as anybody and to run commands. It ends with this process,
 * however that ends, and all that it started ends with it. Disposing removes its snapshots.
 */
export interface SandboxHost extends AsyncDisposable {
  /** With `auto`: the first method that is there. A run tells which one it used. */
  readonly method: IsolationMethod;
  readonly flavor: HostFlavor;
  readonly snapshotter: SnapshotterChoice;
  readonly makesDevices: boolean;
  hasLayer(id: string): Promise<boolean>;
  /** Makes the directory of a layer: once, atomic, shared with other builds. What is there already is success. */
  unpackLayer(layer: LayerToUnpack): Promise<void>;
  /**
   * Unpacks a layer while its blob arrives: the directory is that of a layer when it is verified and `unpackLayer` asks for
   * it. Gives the table of contents; after `signal` nothing is left.
   */
  unpackAhead(layer: ArrivingLayer, arriving: ArrivingBlob, signal: AbortSignal): Promise<Toc>;
  /** Stacks the directories of layers, lowest first, below a new, empty one. What prevents it is told by the first call. */
  openSnapshot(layerIds: readonly string[]): ActiveSnapshot;
  /** Removes folders that killed builds left, whoever their files belong to. */
  reclaim(paths: readonly string[]): Promise<void>;
}

/** @throws StepError `STEP_SANDBOX_UNAVAILABLE` where no way to start it works */
export async function startSandboxHost(options: SandboxHostOptions): Promise<SandboxHost> {
  if (options.isolation === 'chroot') return await launchSandboxHost([chrootLaunch(platform(), userId())], options);
  const launches = hostLaunches(platform(), userId());
  const mapAuto = userId() === 0 || canMapAuto();
  return await launchSandboxHost(mapAuto ? launches : withoutMapAuto(launches), options);
}

/** {@link startSandboxHost} by the first of some ways that works. */
export async function launchSandboxHost(
  launches: readonly HostLaunch[],
  options: SandboxHostOptions,
): Promise<SandboxHost> {
  options.signal?.throwIfAborted();
  const { connection, facts } = await firstThatStarts(launches, options);
  // What is there stays as long as this host: steps ask for the same layers again and again.
  const there = new Set<string>();
  let snapshots = 0;
  return {
    ...facts,
    async hasLayer(id) {
      if (!there.has(id) && (await connection.call('hasLayer', { id }))) there.add(id);
      return there.has(id);
    },
    async unpackLayer(layer) {
      await connection.call('unpackLayer', absolute(layer), { signal: options.signal });
      there.add(layer.id);
    },
    async unpackAhead(layer, arriving, signal) {
      const request = { ...absolute(layer), arrivingPath: resolve(layer.arrivingPath) };
      const { toc } = await connection.call('unpackAhead', request, { signal, arriving });
      return decodeToc(Buffer.from(toc, 'base64'));
    },
    openSnapshot(layerIds) {
      const { signal } = options;
      return openSnapshot(
        connection,
        { snapshot: ++snapshots, layerIds },
        { signal, onCommitted: (id) => void there.add(id) },
      );
    },
    reclaim: async (paths) => void (await connection.call('reclaim', { paths: paths.map((path) => resolve(path)) })),
    [Symbol.asyncDispose]: () => connection.stop(),
  };
}

interface StartedHost {
  readonly connection: HostConnection;
  readonly facts: HostFacts;
}

async function firstThatStarts(launches: readonly HostLaunch[], options: SandboxHostOptions): Promise<StartedHost> {
  const refusals: string[] = [];
  for (const launch of launches) {
    const settings = settingsOf(options, launch);
    const connection = new HostConnection(launch, join(settings.stateDir, 'code'), options.signal);
    try {
      if (launch.waitsForIds === true) await connection.mapIds();
      return { connection, facts: await connection.call('start', settings) };
    } catch (error) {
      await connection.stop();
      options.signal?.throwIfAborted();
      if (!isRefusal(error)) throw error;
      refusals.push(...connection.errorOutput, ...(isLost(error) ? [] : [error.message]));
    }
  }
  throw launchRefused(refusals);
}

function settingsOf(options: SandboxHostOptions, { flavor }: HostLaunch): HostSettings {
  const { stateDir, tempDir, isolation, snapshotter = 'auto' } = options;
  return { stateDir: resolve(stateDir), tempDir: resolve(tempDir), isolation, snapshotter, flavor };
}

/** This way to start does not work here; another may. */
function isRefusal(error: unknown): error is StepError {
  return isLost(error) || (error instanceof StepError && error.code === 'STEP_NO_SUBORDINATE_IDS');
}

function isLost(error: unknown): boolean {
  return error instanceof StepError && error.code === 'STEP_SANDBOX_LOST';
}

function absolute<L extends { readonly blobPath: string }>(layer: L): L {
  return { ...layer, blobPath: resolve(layer.blobPath) };
}
