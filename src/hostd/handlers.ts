import { removeWorkspace } from '../io/workspace.ts';
import { findExecutable } from '../sandbox/find-command.ts';
import { answerRun } from './answer-run.ts';
import type { Handlers } from './call.ts';
import { changesOf, hashChanges } from './changes.ts';
import { removeTree } from './removal.ts';
import type { Snapshot } from './snapshotter.ts';
import { openWorkshop, type Workshop } from './workshop.ts';

const importPacking = (): Promise<typeof import('./pack-changes.ts')> => import('./pack-changes.ts');

/** Loads what the first calls will need while the caller has other work: this process is to answer quickly. */
function loadParts({ layers }: Workshop): void {
  // What cannot be loaded is told to the call that needs it.
  importPacking().catch(() => {});
  if (layers.isEmpty()) layers.importUnpacking().catch(() => {});
}

/** The calls of the protocol, each a line: what it does stands in the module of its name. */
export function createHandlers(): Handlers {
  let workshop: Workshop | undefined;
  const started = (): Workshop => {
    if (workshop === undefined) throw new TypeError('the first call is start');
    return workshop;
  };
  return {
    ...snapshotHandlers(started),
    async start(settings) {
      workshop = await openWorkshop(settings);
      const { sandboxes, snapshotter, passedOver, makesDevices } = workshop;
      const { name } = snapshotter;
      setImmediate(loadParts, workshop);
      return { method: sandboxes.method, flavor: settings.flavor, snapshotter: { name, passedOver }, makesDevices };
    },
    hasLayer: async ({ id }) => started().layers.has(id),
    unpackLayer: async (layer, { signal }) => {
      await started().layers.unpack(layer, signal);
      return null;
    },
    async unpackAhead(layer, { arrivals, signal }) {
      const toc = await started().layers.ahead.unpack(layer, arrivals, signal);
      const { encodeToc } = await import('../layers/toc-codec.ts');
      return { toc: Buffer.from(encodeToc(toc)).toString('base64') };
    },
    async reclaim({ paths }) {
      for (const path of paths) await removeWorkspace(path, removeTree);
      return null;
    },
    async stop() {
      await workshop?.close();
      return null;
    },
  };
}

type SnapshotCall =
  | 'openSnapshot'
  | 'run'
  | 'findExecutable'
  | 'changes'
  | 'hash'
  | 'pack'
  | 'commit'
  | 'keep'
  | 'closeSnapshot';

/** The calls on snapshots, from the one that opens one to the one that closes it. */
function snapshotHandlers(started: () => Workshop): Pick<Handlers, SnapshotCall> {
  const snapshotOf = ({ snapshot }: { readonly snapshot: number }): Promise<Snapshot> =>
    started().snapshots.get(snapshot);
  return {
    async openSnapshot({ snapshot, layerIds }, { signal }) {
      await started().snapshots.open(snapshot, layerIds, signal);
      return null;
    },
    run: async (request, context) =>
      await answerRun(started(), { ...request, snapshot: await snapshotOf(request) }, context),
    findExecutable: async (request) => findExecutable((await snapshotOf(request)).merged, request) ?? null,
    changes: async (request) => changesOf(await snapshotOf(request)),
    hash: async (request) => await hashChanges(await snapshotOf(request), request.paths),
    async pack(request, { signal }) {
      const { packChanges } = await importPacking();
      return await packChanges(await snapshotOf(request), request, signal);
    },
    async commit(request) {
      await (await snapshotOf(request)).commit(request);
      const { snapshots, layers } = started();
      if (request.opensNext === true) snapshots.openAhead(request.snapshot, request.id);
      await snapshots.close(request.snapshot);
      return layers.has(request.id);
    },
    keep: async (request) => await (await snapshotOf(request)).keep(request.id),
    async closeSnapshot(request) {
      await started().snapshots.close(request.snapshot);
      return null;
    },
  };
}
