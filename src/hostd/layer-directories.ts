import { existsSync, mkdtempSync, readdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { OptionError } from '../core/errors.ts';
import { allAtRest } from '../io/at-rest.ts';
import { errnoOf, toHostError } from '../io/host-error.ts';
import type { HostFlavor, LayerToUnpack } from '../rootfs/host-messages.ts';
import { LayersAhead } from './layers-ahead.ts';
import { makePrivateFolder } from './private-folder.ts';
import { removeTree } from './removal.ts';
import { usePlainForm, type WhiteoutForm } from './whiteout-files.ts';

export interface LayerDirectoriesOptions {
  readonly stateDir: string;
  /** On the same file system; what a killed process leaves there is reclaimed. */
  readonly tempDir: string;
  readonly flavor: HostFlavor;
  readonly whiteouts: WhiteoutForm;
  /** Unpacks a layer only when its directory is asked for. */
  readonly isLazy: boolean;
}

/**
 * Directories of unpacked layers; shared by all builds of a cache. One appears under its name only when it is whole, and
 * is never changed afterwards.
 */
export class LayerDirectories {
  /** What is being unpacked before anybody may use it. */
  readonly ahead: LayersAhead;
  readonly #folder: string;
  readonly #options: LayerDirectoriesOptions;
  readonly #unpacking = new Map<string, Promise<void>>();
  readonly #later = new Map<string, LayerToUnpack>();

  /** What is on disk depends on the flavor and the form, and so does the name of the folder. */
  constructor(options: LayerDirectoriesOptions) {
    const { stateDir, flavor, whiteouts } = options;
    this.#folder = join(stateDir, whiteouts === 'overlay' ? flavor : `${flavor}-${whiteouts}`);
    this.#options = options;
    this.ahead = new LayersAhead(options);
    makePrivateFolder(this.#folder);
  }

  /** Directories of layers that are there or were asked to be unpacked. */
  async paths(ids: readonly string[], signal: AbortSignal): Promise<string[]> {
    return await allAtRest(ids.map((id) => this.#ready(id, signal)));
  }

  /** No layer was ever unpacked. */
  isEmpty(): boolean {
    return readdirSync(this.#folder).length === 0;
  }

  /** Only needed for layers that are not there. */
  importUnpacking(): Promise<typeof import('./unpack-blob.ts')> {
    return import('./unpack-blob.ts');
  }

  has(id: string): boolean {
    return existsSync(this.#path(id)) || this.#later.has(id);
  }

  /** Changes when a directory was removed and made again; `undefined` where there is none. */
  identityOf(id: string): string | undefined {
    const stats = statSync(this.#path(id), { bigint: true, throwIfNoEntry: false });
    return stats && `${stats.dev}:${stats.ino}`;
  }

  /** Layers that are being unpacked for another step are waited for. */
  async unpack(layer: LayerToUnpack, signal: AbortSignal): Promise<void> {
    if (this.has(layer.id)) return;
    if (this.#options.isLazy) this.#later.set(layer.id, layer);
    else await this.#unpackOnce(layer, signal);
  }

  /** Makes a finished directory that of a layer. */
  async adopt(id: string, directory: string): Promise<void> {
    try {
      renameSync(directory, this.#path(id));
    } catch (error) {
      // Another build was first: its directory is as good.
      if (!['ENOTEMPTY', 'EEXIST'].includes(errnoOf(error) ?? '')) throw toHostError(error, 'keep', this.#path(id));
      await removeTree(directory);
    }
  }

  #path(id: string): string {
    if (!/^\w[\w.:-]*$/.test(id)) {
      throw new OptionError('OPTION_BAD_LAYER_ID', `${JSON.stringify(id)} cannot name the directory of a layer`);
    }
    return join(this.#folder, id);
  }

  async #ready(id: string, signal: AbortSignal): Promise<string> {
    const path = this.#path(id);
    const layer = this.#later.get(id);
    if (layer !== undefined && !existsSync(path)) await this.#unpackOnce(layer, signal);
    return path;
  }

  #unpackOnce(layer: LayerToUnpack, signal: AbortSignal): Promise<void> {
    const running = this.#unpacking.get(layer.id) ?? this.#make(layer, signal);
    this.#unpacking.set(layer.id, running);
    return running.finally(() => this.#unpacking.delete(layer.id));
  }

  async #make(layer: LayerToUnpack, signal: AbortSignal): Promise<void> {
    const ahead = await this.ahead.take(layer);
    const temporary = ahead ?? mkdtempSync(join(this.#options.tempDir, 'unpacking-'));
    try {
      if (ahead === undefined) {
        const { unpackInto } = await this.importUnpacking();
        await unpackInto(temporary, layer, { ...this.#options, signal });
      }
      if (this.#options.whiteouts === 'files') usePlainForm(temporary);
      await this.adopt(layer.id, temporary);
    } catch (error) {
      await removeTree(temporary);
      throw error;
    }
  }
}
