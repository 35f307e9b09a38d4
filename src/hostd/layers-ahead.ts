import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import type { DiffId } from '../core/digest.ts';
import { compareTreePaths } from '../core/paths.ts';
import type { Toc } from '../core/toc.ts';
import { setPathMetadata } from '../layers/unpack-metadata.ts';
import type { ArrivingLayer, HostFlavor, LayerToUnpack } from '../rootfs/host-messages.ts';
import type { Arrivals } from './arrivals.ts';
import { removeTree } from './removal.ts';
import type { UnpackedAhead } from './unpack-blob.ts';
import type { WhiteoutForm } from './whiteout-files.ts';

export interface LayersAheadOptions {
  /** On the file system of the layers. */
  readonly tempDir: string;
  readonly flavor: HostFlavor;
  readonly whiteouts: WhiteoutForm;
}

interface DirectoryAhead {
  readonly path: string;
  readonly implied: readonly string[];
}

/**
 * Layers that are unpacked while their blobs arrive, in folders of this host that no build looks into. Whoever asks for such
 * a layer, when it has been verified, takes the folder and gives it its name; what nobody takes goes with the host.
 */
export class LayersAhead {
  readonly #options: LayersAheadOptions;
  /** `undefined` for what could not be unpacked: whoever asks for the layer unpacks it in its own way, and tells why. */
  readonly #directories = new Map<DiffId, Promise<DirectoryAhead | undefined>>();

  constructor(options: LayersAheadOptions) {
    this.#options = options;
  }

  /** @throws TypeError for a layer that is on its way already; what unpacking throws */
  async unpack(layer: ArrivingLayer, arrivals: Arrivals, signal: AbortSignal): Promise<Toc> {
    if (this.#directories.has(layer.diffId)) throw new TypeError(`${layer.diffId} is unpacked already`);
    const path = mkdtempSync(join(this.#options.tempDir, 'unpacking-'));
    const unpacked = this.#unpackInto(path, { layer, arrivals, signal });
    const directory = unpacked.then(({ implied }) => ({ path, implied }));
    this.#directories.set(
      layer.diffId,
      directory.catch(() => undefined),
    );
    return (await unpacked).toc;
  }

  /** The folder of a layer, when that is all unpacked: the caller's from then on. */
  async take({ diffId, rename = {}, implied = {} }: LayerToUnpack): Promise<string | undefined> {
    const directory = await this.#directories.get(diffId);
    if (directory === undefined || !this.#directories.delete(diffId)) return undefined;
    // Where its entries belong was not known.
    const isPlaced = Object.keys(rename).length === 0;
    if (isPlaced && this.#describes(directory, implied)) return directory.path;
    await removeTree(directory.path);
    return undefined;
  }

  async close(): Promise<void> {
    for (const unpacking of this.#directories.values()) {
      const directory = await unpacking;
      if (directory !== undefined) await removeTree(directory.path);
    }
  }

  async #unpackInto(
    path: string,
    { signal, ...source }: { readonly layer: ArrivingLayer; readonly arrivals: Arrivals; readonly signal: AbortSignal },
  ): Promise<UnpackedAhead> {
    try {
      const { unpackArriving } = await import('./unpack-blob.ts');
      return await unpackArriving(path, source, { ...this.#options, signal });
    } catch (error) {
      await removeTree(path);
      throw error;
    }
  }

  #describes(directory: DirectoryAhead, below: NonNullable<LayerToUnpack['implied']>): boolean {
    try {
      this.#describe(directory, below);
      return true;
    } catch {
      return false;
    }
  }

  /** Children first: a directory may close itself to those who are not root. */
  #describe({ path, implied }: DirectoryAhead, below: NonNullable<LayerToUnpack['implied']>): void {
    const ownership = this.#options.flavor === 'single-id' ? 'ignore' : 'keep';
    for (const name of [...implied].sort((a, b) => compareTreePaths(b, a))) {
      const metadata = below[name];
      if (metadata !== undefined) setPathMetadata(join(path, name), metadata, ownership);
    }
  }
}
