import { mkdirSync } from 'node:fs';
import type { HostFlavor, HostSettings } from '../rootfs/host-messages.ts';
import { hideControlGroups } from './control-groups.ts';
import { LayerDirectories } from './layer-directories.ts';
import { createMounter, type Mounter } from './mounter.ts';
import { type MountOverlay, overlayMounter } from './overlay.ts';
import { Sandboxes } from './sandboxes.ts';
import type { Snapshot } from './snapshot.ts';

/** What the sandbox host of one build works with. */
export interface Workshop {
  readonly tempDir: string;
  readonly flavor: HostFlavor;
  readonly mounter: Mounter;
  readonly mountOverlay: MountOverlay;
  readonly layers: LayerDirectories;
  readonly sandboxes: Sandboxes;
  readonly snapshots: OpenSnapshots;
  close(): Promise<void>;
}

/** The snapshots that are open, by number. */
export class OpenSnapshots {
  readonly #open = new Map<number, Snapshot>();
  #last = 0;

  add(snapshot: Snapshot): number {
    this.#open.set(++this.#last, snapshot);
    return this.#last;
  }

  get(number: number): Snapshot | undefined {
    return this.#open.get(number);
  }

  delete(number: number): void {
    this.#open.delete(number);
  }

  async closeAll(): Promise<void> {
    await Promise.all([...this.#open.values()].map((snapshot) => snapshot.close()));
  }
}

export async function openWorkshop({ tempDir, stateDir, isolation, flavor }: HostSettings): Promise<Workshop> {
  mkdirSync(tempDir, { recursive: true });
  const mounter = createMounter();
  const snapshots = new OpenSnapshots();
  await hideControlGroups(mounter, flavor);
  return {
    tempDir,
    flavor,
    mounter,
    mountOverlay: overlayMounter(mounter, flavor),
    layers: new LayerDirectories(stateDir, flavor),
    sandboxes: new Sandboxes(isolation, flavor),
    snapshots,
    close: () => snapshots.closeAll(),
  };
}
