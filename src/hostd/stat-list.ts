import { type BigIntStats, lstatSync } from 'node:fs';
import { join } from 'node:path';
import { LayerError } from '../core/errors.ts';
import { joinPath, parentPath } from '../core/paths.ts';
import type { ChangedPath } from '../rootfs/changed-path.ts';
import { checkCapabilities, describeChange, namesIn } from './changes.ts';
import { partLinks } from './part-links.ts';

interface Before {
  readonly inode: string;
  readonly changed: bigint;
  readonly modified: bigint;
}

/**
 * What a root that is changed in place was before; names of one file that an earlier command made are parted when it is
 * taken (see {@link partLinks}). The kernel gives every change a new change time (`ctime`), which
 * nobody can set: a path whose inode and change time are the same has not changed.
 */
export class StatList {
  readonly #root: string;
  readonly #before: ReadonlyMap<string, Before>;

  constructor(root: string) {
    this.#root = root;
    this.#before = takeStats(root);
  }

  /** In nanoseconds; `undefined` for a path that was not there. */
  modificationTime(path: string): bigint | undefined {
    return this.#before.get(path)?.modified;
  }

  /**
   * Every path that is not as it was, and the root.
   * @throws LayerError `LAYER_RESERVED_DEVICE`
   */
  changes(): ChangedPath[] {
    const changes: ChangedPath[] = [];
    walk(this.#root, (path, stats) => {
      if (path === '' || this.#isChanged(path, stats)) changes.push(describeChange(this.#root, path, this.#root));
    });
    refuseMarks(changes);
    checkCapabilities(this.#root, changes);
    return changes;
  }

  #isChanged(path: string, stats: BigIntStats): boolean {
    const before = this.#before.get(path);
    return before === undefined || before.inode !== inodeOf(stats) || before.changed !== stats.ctimeNs;
  }
}

/** Here nothing but a command makes them; where there are overlays, the kernel lets none do so. */
function refuseMarks(changes: readonly ChangedPath[]): void {
  const mark = changes.find(({ type }) => type === 'whiteout');
  if (mark === undefined) return;
  throw new LayerError(
    'LAYER_RESERVED_DEVICE',
    `no layer can hold /${mark.path}: the device 0:0 marks what is removed`,
    {
      entry: mark.path,
      hint: 'remove it in the same RUN',
    },
  );
}

function takeStats(root: string): Map<string, Before> {
  const before = new Map<string, Before>();
  const take = (path: string, stats: BigIntStats): void => {
    before.set(path, { inode: inodeOf(stats), changed: stats.ctimeNs, modified: stats.mtimeNs });
  };
  const linked: string[] = [];
  walk(root, (path, stats) => {
    take(path, stats);
    if (stats.isFile() && stats.nlink > 1n) linked.push(path);
  });
  for (const path of linked) partLinks(join(root, path), lstatSync(join(root, path), { bigint: true }));
  // Parting changes both, and the name that is left at last.
  for (const path of new Set(linked.flatMap((name) => [name, parentPath(name)]))) {
    take(path, lstatSync(join(root, path), { bigint: true }));
  }
  return before;
}

function walk(root: string, visit: (path: string, stats: BigIntStats) => void): void {
  const pending = [''];
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    const stats = lstatSync(join(root, path), { bigint: true });
    visit(path, stats);
    if (stats.isDirectory()) for (const name of namesIn(join(root, path))) pending.push(joinPath(path, name));
  }
}

function inodeOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`;
}
