import { lstatSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What every command has mounts on, as the lowest directories of a stack: they show where no layer has it. Always covered
 * while a command runs, so that nothing of it can become part of a layer. To make and remove it for each run would cost
 * more than all its mounts, as overlayfs copies the directory up that it is made in.
 */
export class Lowest {
  readonly #folders: string;
  readonly #files: string;
  readonly #haveEtc = new Map<string, boolean>();

  constructor(ownDir: string) {
    this.#folders = join(ownDir, 'lowest');
    this.#files = join(ownDir, 'lowest-files');
    for (const name of ['', 'dev', 'proc', 'sys']) mkdirSync(join(this.#folders, name));
    for (const name of ['', 'etc']) mkdirSync(join(this.#files, name));
    for (const name of ['hosts', 'resolv.conf']) writeFileSync(join(this.#files, 'etc', name), '');
  }

  /** An /etc of ours would itself be seen where no layer has one: there is none then. */
  below(layers: readonly string[]): string[] {
    return layers.some((layer) => this.#hasEtc(layer)) ? [this.#files, this.#folders] : [this.#folders];
  }

  #hasEtc(layer: string): boolean {
    const known = this.#haveEtc.get(layer);
    if (known !== undefined) return known;
    const has = lstatSync(join(layer, 'etc'), { throwIfNoEntry: false })?.isDirectory() === true;
    this.#haveEtc.set(layer, has);
    return has;
  }
}
