import assert from 'node:assert';
import { compareTreePaths } from '../core/paths.ts';
import { isWhiteout, type PackEntry, type WhiteoutEntry } from '../core/toc.ts';

/**
 * Checks what the order of entries promises (reference, section 15): sorted as a depth-first walk, parents before their
 * children, hard links after their target. Anything else is a bug of the caller.
 */
export class OrderChecker {
  /** What may be linked to; a set of it is made when there is a link to check. */
  readonly #files: string[] = [];
  readonly #linkable = new Set<string>();
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
    else if (entry.type !== 'directory' && !isWhiteout(entry)) this.#files.push(path);
    this.#last = path;
  }

  #isAfterLast(path: string): boolean {
    return path !== '' && (this.#last === '' || compareTreePaths(this.#last, path) < 0);
  }

  #enterParent({ path, type }: PackEntry | WhiteoutEntry): void {
    const length = type === 'opaque' ? path.length : Math.max(path.lastIndexOf('/'), 0);
    const isParent = (ancestor: string | undefined): boolean =>
      ancestor?.length === length && path.startsWith(ancestor);
    while (this.#ancestors.length > 1 && !isParent(this.#ancestors.at(-1))) this.#ancestors.pop();
    if (!isParent(this.#ancestors.at(-1))) assert.fail(`the parent of ${quote(path)} is not in the layer before it`);
  }

  #checkLink({ path, link }: PackEntry): void {
    for (const file of this.#files.splice(0)) this.#linkable.add(file);
    const isKnown = link !== undefined && this.#linkable.has(link);
    if (!isKnown) assert.fail(`the target of the hard link ${quote(path)} is not before it`);
  }
}

function quote(path: string): string {
  return JSON.stringify(path);
}
