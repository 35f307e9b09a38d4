import { setImmediate as nextTurn } from 'node:timers/promises';
import type { LayerDirectories } from './layer-directories.ts';
import type { Snapshot, Snapshotter } from './snapshotter.ts';

export interface OpenSnapshotsParts {
  readonly snapshotter: Snapshotter;
  readonly layers: LayerDirectories;
}

interface OpenSnapshot {
  readonly opened: Promise<Snapshot>;
  readonly layerIds: readonly string[];
}

/** A snapshot that nobody has asked for yet. */
interface AheadSnapshot {
  /** `undefined` when it could not be opened: whoever asks for it is told why. */
  readonly opened: Promise<Snapshot | undefined>;
  /** Of the topmost directory. */
  readonly identity: string | undefined;
}

/** The snapshots that are open, by number, and those that are likely to be asked for. */
export class OpenSnapshots {
  readonly #parts: OpenSnapshotsParts;
  readonly #open = new Map<number, OpenSnapshot>();
  readonly #ahead = new Map<string, AheadSnapshot>();

  constructor(parts: OpenSnapshotsParts) {
    this.#parts = parts;
  }

  /** @throws TypeError for a number that no open snapshot has; or why it could not be opened */
  async get(number: number): Promise<Snapshot> {
    return await this.#find(number).opened;
  }

  /** From now on the number is known: what is asked of it waits. */
  async open(number: number, layerIds: readonly string[], signal: AbortSignal): Promise<void> {
    const opened = this.#take(layerIds, signal);
    this.#open.set(number, { opened, layerIds });
    await opened;
  }

  /** Opens one on the layers of another and one more, a turn later: while its answer is on its way. */
  openAhead(number: number, layerId: string): void {
    const { snapshotter, layers } = this.#parts;
    if (!snapshotter.opensAhead) return;
    const layerIds = [...this.#find(number).layerIds, layerId];
    const opened = nextTurn().then(() => snapshotter.open(layerIds, new AbortController().signal));
    this.#ahead.set(nameOf(layerIds), { opened: settled(opened), identity: layers.identityOf(layerId) });
  }

  /** One that could not be opened is closed. */
  async close(number: number): Promise<void> {
    const snapshot = await settled(this.#find(number).opened);
    await snapshot?.close();
    this.#open.delete(number);
  }

  async closeAll(): Promise<void> {
    const opened = [...this.#open.values(), ...this.#ahead.values()].map((each) => settled(each.opened));
    await Promise.all(opened.map(async (each) => (await each)?.close()));
  }

  async #take(layerIds: readonly string[], signal: AbortSignal): Promise<Snapshot> {
    return (await this.#takeAhead(layerIds)) ?? (await this.#parts.snapshotter.open(layerIds, signal));
  }

  #find(number: number): OpenSnapshot {
    const found = this.#open.get(number);
    if (found === undefined) throw new TypeError(`there is no snapshot ${number}`);
    return found;
  }

  /** Before a build claims a layer, its directory may be collected and unpacked anew: then it is not the one below. */
  async #takeAhead(layerIds: readonly string[]): Promise<Snapshot | undefined> {
    const name = nameOf(layerIds);
    const ahead = this.#ahead.get(name);
    if (ahead === undefined) return undefined;
    this.#ahead.delete(name);
    const snapshot = await ahead.opened;
    const topmost = layerIds.at(-1);
    if (topmost !== undefined && this.#parts.layers.identityOf(topmost) === ahead.identity) return snapshot;
    await snapshot?.close();
    return undefined;
  }
}

/** `undefined` when it could not be opened. */
async function settled(opened: Promise<Snapshot | undefined>): Promise<Snapshot | undefined> {
  return await opened.catch(() => undefined);
}

function nameOf(layerIds: readonly string[]): string {
  return layerIds.join(' ');
}
