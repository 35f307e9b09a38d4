import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { StepError } from '../core/errors.ts';
import { errnoOf, toHostError } from '../io/host-error.ts';
import { readMachine } from '../rootfs/machine.ts';
import { containerRemedies } from '../rootfs/remedies.ts';
import { modificationTime, setModificationTime } from './modification-time.ts';
import type { Mounter } from './mounter.ts';
import { atPlace } from './pinned.ts';

/** What lies at a path for the time of a run. */
interface Placed {
  readonly target: string;
  /** What was there before lies here meanwhile. */
  readonly aside: string;
  /** Where it goes back to: what was moved in only. */
  readonly home: string | undefined;
  readonly settle: () => void;
}

interface Placements {
  /** Moves aside what is at a path, and puts something else there: `home` is where that was moved from. */
  place(target: string, put: () => void, home?: string): void;
  /** Takes away what was placed at a path last, and what was placed inside it since; what was there before comes back. */
  takeAway(target: string): void;
  /** Waits until something is at its home again. */
  atHome(path: string): Promise<void>;
}

function createPlacements(tempDir: string): Placements {
  const placed: Placed[] = [];
  /** What is moved away from its home, by that. */
  const away = new Map<string, Promise<void>>();

  /** What a command took elsewhere is its own. */
  function takeOut(last: Placed): void {
    try {
      attempt('take away', last.target, () => atPlace(dirname(last.target), () => putBack(last)));
    } finally {
      rmSync(dirname(last.aside), { recursive: true, force: true });
      if (last.home !== undefined) away.delete(last.home);
      last.settle();
    }
  }

  return {
    place(target, put, home) {
      const aside = join(mkdtempSync(join(tempDir, 'aside-')), 'before');
      keepingTime(target, () => {
        renameSync(target, aside);
        put();
      });
      const { promise, resolve } = Promise.withResolvers<void>();
      if (home !== undefined) away.set(home, promise);
      placed.push({ target, aside, home, settle: resolve });
    },
    takeAway(target) {
      const first = placed.findLastIndex((each) => each.target === target);
      if (first === -1) return;
      const later = placed.splice(first);
      placed.push(...later.filter((each) => !isWithin(target, each.target)));
      for (const each of later.filter(({ target: inner }) => isWithin(target, inner)).reverse()) takeOut(each);
    },
    async atHome(path) {
      for (let moved = away.get(path); moved !== undefined; moved = away.get(path)) await moved;
    },
  };
}

/**
 * Does without mounts what a {@link Mounter} does, on hosts that may not mount. What was at a path is moved aside until
 * the end. What may be written is moved in and back, so one run after the other has it; what may only be read is copied,
 * and a change of it is dropped. File systems of the kernel (sysfs, devpts) are empty directories.
 */
export function createCopyMounter(tempDir: string): Mounter {
  const { place, takeAway, atHome } = createPlacements(tempDir);
  return {
    isOnDisk: true,
    async bind(source, target, { readOnly = false } = {}) {
      if (readOnly) return attempt('copy', target, () => place(target, () => copy(source, target)));
      await atHome(source);
      attempt('move', source, () => place(target, () => renameSync(source, target), source));
    },
    async fileSystem(type, target, data) {
      const mode = (type === 'tmpfs' ? /(?:^|,)mode=([0-7]+)/.exec(data)?.[1] : undefined) ?? '755';
      attempt('make', target, () => place(target, () => makeDirectory(target, Number.parseInt(mode, 8))));
    },
    async overlay(folder) {
      throw new TypeError(`there is no overlay without mounts: ${folder}`);
    },
    async protect() {},
    async unmount(target) {
      takeAway(target);
    },
  };
}

function isWithin(folder: string, path: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

/** The last of several builds that use the same folder leaves its content there. */
function putBack({ aside, home, target }: Placed): void {
  keepingTime(target, () => {
    rmSync(home ?? target, { recursive: true, force: true });
    if (home !== undefined) renameSync(target, home);
    renameSync(aside, target);
  });
}

function copy(source: string, target: string): void {
  const stats = statSync(source);
  if (stats.isSocket()) throw noSocket(source);
  try {
    execFileSync('cp', ['-a', '--', realpathSync(source), target], { stdio: 'ignore' });
  } catch (error) {
    throw stats.isCharacterDevice() ? noDevice(source, error) : error;
  }
}

function makeDirectory(path: string, mode: number): void {
  mkdirSync(path);
  chmodSync(path, mode);
}

function keepingTime(target: string, change: () => void): void {
  const folder = dirname(target);
  const time = modificationTime(folder);
  change();
  setModificationTime(folder, time);
}

/** A socket works at its own place only. */
function noSocket(source: string): StepError {
  return new StepError('STEP_MOUNT_SOURCE', `cannot show the socket ${source} to a command without mounts`, {
    hint: 'RUN --mount=type=ssh needs another method than chroot: `lamella doctor` tells what would enable one',
  });
}

function noDevice(source: string, cause: unknown): StepError {
  return new StepError(
    'STEP_SANDBOX_UNAVAILABLE',
    `cannot give a command ${source} without mounts: CAP_MKNOD is missing`,
    {
      hint: `the container must be started with CAP_MKNOD: ${containerRemedies(readMachine()).capability('MKNOD')}`,
      cause,
    },
  );
}

function attempt(doing: string, path: string, action: () => unknown): void {
  try {
    action();
  } catch (error) {
    throw errnoOf(error) === undefined ? error : toHostError(error, doing, path);
  }
}
