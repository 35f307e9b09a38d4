import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { OptionError } from '../../core/errors.ts';
import type { IsolationMethod, SnapshotterName } from '../../core/sandbox.ts';
import { writeAtomic } from '../../io/atomic-file.ts';
import { scanFiles } from '../../io/scan-folder.ts';
import type { HostFlavor, RunRequest } from '../../rootfs/host-messages.ts';
import type { KeptMount } from '../steps/own-mounts.ts';

/** A RUN that failed and whose root was kept as it left it. */
export interface KeptRun {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly keptMs: number;
  /** The instruction as written, on one line, and its stage. */
  readonly step: string;
  readonly stage: string;
  /** Absent when the command was killed because it took too long. */
  readonly exitCode?: number;
}

/** With all that it takes to enter the root again. Secrets are none of it. */
export interface StoredKeptRun extends KeptRun {
  readonly flavor: HostFlavor;
  readonly snapshotter: SnapshotterName;
  readonly isolation: 'auto' | IsolationMethod;
  /** Directories of layers that show the root, lowest first; the last one is that of what was kept. */
  readonly layerIds: readonly string[];
  /** Programs that may be its shell, the wanted one first. */
  readonly shells: readonly string[];
  readonly request: KeptRequest;
  readonly mounts: readonly KeptMount[];
}

export type KeptRequest = Omit<RunRequest, 'argv' | 'mounts' | 'terminal'>;

export interface ScannedKeptRun {
  readonly path: string;
  readonly run: StoredKeptRun;
}

/** What was kept of failed commands: a file for each, beside the directory of a layer that holds what it had changed. */
export interface KeptRuns {
  scan(): ScannedKeptRun[];
  /**
   * The run whose id begins so; without a beginning that which was kept last.
   * @throws OptionError `OPTION_UNKNOWN_KEPT_RUN`
   */
  find(beginning: string | undefined): StoredKeptRun;
  write(run: StoredKeptRun): Promise<void>;
  remove(id: string): void;
}

const VERSION = 1;
/** The user's own: the environment of a command is in it. */
const MODE = 0o600;
const DIRECTORY = 'kept-';

export function newKeptId(): string {
  return randomBytes(6).toString('hex');
}

/** Name of the directory that holds what a failed command had changed. */
export function keptDirectory(id: string): string {
  return `${DIRECTORY}${id}`;
}

/** Id of the kept run to which the directory of a layer belongs, if it is such a one. */
export function keptIdOf(directory: string): string | undefined {
  return directory.startsWith(DIRECTORY) ? directory.slice(DIRECTORY.length) : undefined;
}

export function createKeptRuns(folder: string): KeptRuns {
  const pathOf = (id: string): string => join(folder, `${id}.json`);
  const scan = (): ScannedKeptRun[] =>
    [...scanFiles(folder)].flatMap(({ path }) => {
      const run = read(path);
      return run === undefined ? [] : [{ path, run }];
    });
  return {
    scan,
    find(beginning) {
      const runs = scan().map(({ run }) => run);
      const found = runs.filter(({ id }) => id.startsWith(beginning ?? ''));
      const last = found.reduce<StoredKeptRun | undefined>(later, undefined);
      if (last === undefined) throw unknown(beginning, runs);
      if (beginning !== undefined && found.length > 1) throw ambiguous(beginning, found);
      return last;
    },
    async write(run) {
      await writeAtomic(pathOf(run.id), Buffer.from(`${JSON.stringify({ version: VERSION, ...run })}\n`), MODE);
    },
    remove: (id) => rmSync(pathOf(id), { force: true }),
  };
}

function read(path: string): StoredKeptRun | undefined {
  try {
    const { version, ...run } = JSON.parse(readFileSync(path, 'utf8')) as StoredKeptRun & { readonly version: number };
    return version === VERSION ? run : undefined;
  } catch {
    return undefined;
  }
}

function later(one: StoredKeptRun | undefined, other: StoredKeptRun): StoredKeptRun {
  return one !== undefined && one.keptMs > other.keptMs ? one : other;
}

function unknown(beginning: string | undefined, runs: readonly KeptRun[]): OptionError {
  const message =
    beginning === undefined ? 'no failed step was kept' : `no failed step was kept as ${JSON.stringify(beginning)}`;
  const hint =
    runs.length === 0 ? 'a build with --on-error=keep keeps it' : '`lamella shell --list` shows those that there are';
  return new OptionError('OPTION_UNKNOWN_KEPT_RUN', message, { hint });
}

function ambiguous(beginning: string, runs: readonly KeptRun[]): OptionError {
  const ids = runs.map(({ id }) => id).join(', ');
  return new OptionError('OPTION_UNKNOWN_KEPT_RUN', `several failed steps begin with ${JSON.stringify(beginning)}`, {
    hint: `name one of ${ids}`,
  });
}
