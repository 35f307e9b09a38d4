import { existsSync, mkdirSync, mkdtempSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { OptionError } from '../core/errors.ts';
import { errnoOf, toHostError } from '../io/host-error.ts';
import type { HostFlavor, LayerToUnpack } from '../rootfs/host-messages.ts';
import { removeTree } from './removal.ts';

/**
 * Directories of unpacked layers, in the form that overlayfs stacks; shared by all builds of a cache. One appears under
 * its name only when it is whole, and is never changed afterwards.
 */
export class LayerDirectories {
  readonly #folder: string;
  readonly #flavor: HostFlavor;
  readonly #unpacking = new Map<string, Promise<void>>();

  /** Owners on disk depend on the flavor, and so does the name of the folder. */
  constructor(stateDir: string, flavor: HostFlavor) {
    this.#folder = join(stateDir, flavor);
    this.#flavor = flavor;
    mkdirSync(this.#folder, { recursive: true });
  }

  path(id: string): string {
    if (!/^\w[\w.:-]*$/.test(id)) {
      throw new OptionError('OPTION_BAD_LAYER_ID', `${JSON.stringify(id)} cannot name the directory of a layer`);
    }
    return join(this.#folder, id);
  }

  has(id: string): boolean {
    return existsSync(this.path(id));
  }

  /** Layers that are being unpacked for another step are waited for. */
  unpack(layer: LayerToUnpack, signal: AbortSignal): Promise<void> {
    if (this.has(layer.id)) return Promise.resolve();
    const running = this.#unpacking.get(layer.id) ?? this.#make(layer, signal);
    this.#unpacking.set(layer.id, running);
    return running.finally(() => this.#unpacking.delete(layer.id));
  }

  /** Makes a finished directory that of a layer. */
  async adopt(id: string, directory: string): Promise<void> {
    try {
      renameSync(directory, this.path(id));
    } catch (error) {
      // Another build was first: its directory is as good.
      if (!['ENOTEMPTY', 'EEXIST'].includes(errnoOf(error) ?? '')) throw toHostError(error, 'keep', this.path(id));
      await removeTree(directory);
    }
  }

  async #make(layer: LayerToUnpack, signal: AbortSignal): Promise<void> {
    const temporary = mkdtempSync(join(this.#folder, '.unpacking-'));
    try {
      const { unpackInto } = await import('./unpack-blob.ts');
      await unpackInto(temporary, layer, { flavor: this.#flavor, signal });
      await this.adopt(layer.id, temporary);
    } catch (error) {
      await removeTree(temporary);
      throw error;
    }
  }
}
