import assert from 'node:assert';
import { compareTreePaths, parentPath } from '../core/paths.ts';
import { isWhiteout, type PackEntry, type WhiteoutEntry } from '../core/toc.ts';

/**
 * Checks what the order of entries promises (reference, section 15): sorted as a depth-first walk, parents before their
 * children, hard links after their target. Anything else is a bug of the caller.
 */
export class OrderChecker {
  readonly #files = new Set<string>();
  /** The directories from the root down to the current place. */
  readonly #ancestors: string[] = [''];
  #last = '';

  check(entry: PackEntry | WhiteoutEntry): void {
    const { path } = entry;
    if (entry.type !== 'opaque' && !this.#isAfterLast(path)) {
      assert.fail(`${quote(path)} is out of order after ${quote(this.#last)}`);
    }
    this.#enterParent(entry);
    if (entry.type === 'directory') this.#ancestors.push(path);
    if (entry.type === 'hardlink') this.#checkLink(entry);
    else if (entry.type !== 'directory' && !isWhiteout(entry)) this.#files.add(path);
    this.#last = path;
  }

  #isAfterLast(path: string): boolean {
    return path !== '' && (this.#last === '' || compareTreePaths(this.#last, path) < 0);
  }

  #enterParent({ path, type }: PackEntry | WhiteoutEntry): void {
    const parent = type === 'opaque' ? path : parentPath(path);
    while (this.#ancestors.length > 1 && this.#ancestors.at(-1) !== parent) this.#ancestors.pop();
    if (this.#ancestors.at(-1) !== parent) assert.fail(`the parent of ${quote(path)} is not in the layer before it`);
  }

  #checkLink({ path, link }: PackEntry): void {
    const isKnown = link !== undefined && this.#files.has(link);
    if (!isKnown) assert.fail(`the target of the hard link ${quote(path)} is not before it`);
  }
}

function quote(path: string): string {
  return JSON.stringify(path);
}
