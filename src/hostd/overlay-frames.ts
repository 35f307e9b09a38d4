import { mkdirSync, mkdtempSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { overlayWork } from './overlay.ts';

/**
 * The folders that overlays are made in, used again when what was changed in one has become a layer. What the kernel left
 * in them is put aside, and goes with the folder of the host: ext4 looks at every inode that was freed a short time ago
 * when it makes a file, so removing something at each step would make the next ones slower.
 */
export class OverlayFrames {
  readonly #parent: string;
  readonly #free: string[] = [];
  #aside: string | undefined;
  #left = 0;

  constructor(parent: string) {
    this.#parent = parent;
  }

  take(): string {
    return this.#free.pop() ?? mkdtempSync(join(this.#parent, 'snapshot-'));
  }

  /** Of an overlay that is mounted no more, without its upper directory. */
  leave(folder: string): void {
    this.#aside ??= this.#makeAside();
    try {
      renameSync(join(overlayWork(folder), 'work'), join(this.#aside, String(this.#left++)));
      this.#free.push(folder);
    } catch {
      // A mount of another kind: the folder stays as it is, and goes in the end.
    }
  }

  #makeAside(): string {
    const path = join(this.#parent, 'left');
    mkdirSync(path);
    return path;
  }
}
