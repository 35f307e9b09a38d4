import { resolve } from 'node:path';
import type { Digest } from '../core/digest.ts';
import type { IndexedLayer } from '../core/image.ts';
import type { ShellTerminal } from '../core/terminal.ts';
import { decodeToc } from '../layers/toc-codec.ts';
import type { ChangedPath } from './changed-path.ts';
import type { HostConnection, OnOutput } from './host-connection.ts';
import type {
  CallRequest,
  CommitOptions,
  RunMountRequest,
  RunRequest,
  RunResult,
  SnapshotEntry,
  SnapshotPackOptions,
} from './host-messages.ts';

/** A root file system that commands may change. Disposing drops what was not committed. */
export interface ActiveSnapshot extends AsyncDisposable {
  /** Waits until it can be used: the calls do so themselves. */
  opened(): Promise<void>;
  /**
   * Runs a command in it. 127 and 126 are the exit codes of a command that is missing or cannot be executed.
   * @throws StepError `STEP_ABORTED`, `STEP_SANDBOX_FAILED`, `STEP_SANDBOX_UNAVAILABLE`, `STEP_SANDBOX_LOST`
   */
  run(request: RunRequest, onOutput: OnOutput, signal?: AbortSignal): Promise<RunResult>;
  /** The same for the last command: after a success changes, contents and {@link commit} are all that is left. */
  runLast(request: RunRequest, onOutput: OnOutput, signal?: AbortSignal): Promise<RunResult>;
  /** The same in a terminal, for a command that somebody talks to. */
  runInTerminal(request: RunRequest, terminal: ShellTerminal, signal?: AbortSignal): Promise<RunResult>;
  /** The first of some programs that can be executed; names are looked for as the environment says. */
  findExecutable(names: readonly string[], env: readonly string[]): Promise<string | undefined>;
  /** Every path that was written since the snapshot was opened, and its ancestors: candidates, not yet a verdict. */
  changes(): Promise<readonly ChangedPath[]>;
  /** Digests of the contents of regular files among the changes. */
  hash(paths: readonly string[]): Promise<Readonly<Record<string, Digest>>>;
  /** Packs entries straight into a blob store; the contents are read here. */
  pack(entries: readonly SnapshotEntry[], options: SnapshotPackOptions): Promise<IndexedLayer>;
  /** Makes the changes the directory of layer `id`, with the times that the last packed layer has. Ends the snapshot. */
  commit(id: string, options: CommitOptions): Promise<void>;
  /** Keeps the root as it is now, as the directory of layer `id`. Gives the layers that show it again. Ends the snapshot. */
  keep(id: string): Promise<readonly string[]>;
}

export interface SnapshotOptions {
  /** Ends commands that have no signal of their own. */
  readonly signal: AbortSignal | undefined;
  /** Told of every layer whose directory is there from now on. */
  readonly onCommitted: (layerId: string) => void;
}

/** The client's side of a snapshot of the sandbox host, which is opened while the first call is on its way. */
export function openSnapshot(
  connection: HostConnection,
  { snapshot, layerIds }: CallRequest<'openSnapshot'>,
  { signal: buildSignal, onCommitted }: SnapshotOptions,
): ActiveSnapshot {
  const opening = connection.call('openSnapshot', { snapshot, layerIds }, { signal: buildSignal });
  const isOpened = opening.then(
    () => true,
    // The first call is told why.
    () => false,
  );
  let isOpen = true;
  /** Of the last command. */
  let known: readonly ChangedPath[] | undefined;
  return {
    opened: async () => void (await opening),
    run: (request, onOutput, signal = buildSignal) =>
      connection.call('run', { snapshot, run: withAbsolutePaths(request) }, { onOutput, signal }),
    async runLast(request, onOutput, signal = buildSignal) {
      const call = { snapshot, run: withAbsolutePaths(request), isLast: true };
      const { changes, ...result } = await connection.call('run', call, { onOutput, signal });
      known = changes;
      return result;
    },
    runInTerminal: (request, terminal, signal = buildSignal) =>
      connection.call(
        'run',
        { snapshot, run: { ...withAbsolutePaths(request), terminal: terminal.size() } },
        { onOutput: ({ bytes }) => terminal.write(bytes), signal, terminal },
      ),
    findExecutable: async (names, env) =>
      (await connection.call('findExecutable', { snapshot, names, env })) ?? undefined,
    changes: async () => known ?? (await connection.call('changes', { snapshot })),
    hash: (paths) => connection.call('hash', { snapshot, paths }),
    async pack(entries, options) {
      const call = { snapshot, entries, options: withAbsoluteFolders(options) };
      const { toc, ...layer } = await connection.call('pack', call, { signal: buildSignal });
      return { ...layer, toc: decodeToc(Buffer.from(toc, 'base64')) };
    },
    async commit(id, options) {
      const isThere = await connection.call('commit', { snapshot, id, ...options });
      isOpen = false;
      if (isThere) onCommitted(id);
    },
    keep: (id) => connection.call('keep', { snapshot, id }),
    async [Symbol.asyncDispose]() {
      if (isOpen && (await isOpened) && !connection.isLost) await connection.call('closeSnapshot', { snapshot });
    },
  };
}

/** The host has another working directory than this process. */
function withAbsolutePaths(request: RunRequest): RunRequest {
  return { ...request, mounts: request.mounts.map(withAbsoluteSource) };
}

function withAbsoluteSource(mount: RunMountRequest): RunMountRequest {
  if (mount.kind === 'cache' || mount.kind === 'context') return { ...mount, source: resolve(mount.source) };
  if (mount.kind === 'bind' && mount.source !== undefined) return { ...mount, source: resolve(mount.source) };
  return mount;
}

function withAbsoluteFolders(options: SnapshotPackOptions): SnapshotPackOptions {
  return { ...options, blobDir: resolve(options.blobDir), tempDir: resolve(options.tempDir) };
}
