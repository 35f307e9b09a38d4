import { join, resolve } from 'node:path';
import { OptionError, StepError } from '../../core/errors.ts';
import type { LogChunk } from '../../core/sandbox.ts';
import type { ShellTerminal } from '../../core/terminal.ts';
import { defaultCacheDir } from '../../io/host.ts';
import { markUsed } from '../../io/touch.ts';
import { createWorkspace, type Workspace } from '../../io/workspace.ts';
import { type ActiveSnapshot, type SandboxHost, startSandboxHost } from '../../rootfs/sandbox-host.ts';
import { type CacheFolders, cacheFolders } from '../cache-folders.ts';
import { type Claims, createClaims } from '../claims.ts';
import { refuseMissingPaths } from '../named-paths.ts';
import type { Secret, SshAccess } from '../options.ts';
import { realiseKept } from '../steps/own-mounts.ts';
import type { StoreOptions } from '../stored-images.ts';
import { createKeptRuns, type KeptRun, keptDirectory, type StoredKeptRun } from './kept-runs.ts';
import { runInTerminal, runShell } from './shell.ts';

export interface EnterOptions extends StoreOptions {
  /** Id of the kept run, or how it begins. Default: that which was kept last. */
  readonly id?: string;
  /** A program and its arguments. Default: a shell, for which `terminal` is needed. */
  readonly command?: readonly string[];
  readonly terminal?: ShellTerminal;
  /** Takes what a command writes that has no terminal. */
  readonly onOutput?: (chunk: LogChunk) => void | Promise<void>;
  /** For mounts of the command: none are kept. Without it the mount is left out. */
  readonly secrets?: readonly Secret[];
  readonly ssh?: readonly SshAccess[];
  readonly signal?: AbortSignal;
}

/**
 * Runs a shell, or a command, in the root that a failed command of RUN left, with its environment, user, directory and
 * mounts; gives its exit code. The kept root stays as it is: what is changed in it is dropped afterwards.
 * @throws OptionError `OPTION_UNKNOWN_KEPT_RUN`; StepError `STEP_NO_SHELL`, `STEP_NO_TERMINAL`, `STEP_KEPT_RUN_GONE`;
 * what {@link refuseMissingPaths} throws
 */
export async function enterKeptRun(options: EnterOptions = {}): Promise<number> {
  refuseMissingPaths(options);
  const folders = cacheFolders(resolve(options.cacheDir ?? defaultCacheDir()));
  const run = createKeptRuns(folders.kept).find(options.id);
  await using workspace = createWorkspace(folders.temporary);
  const claims = createClaims(workspace.path, folders);
  for (const id of run.layerIds) await claims.claim(id);
  markUsed(join(folders.used, keptDirectory(run.id)));
  await using host = await startHost(run, { folders, workspace, options });
  return await enter(run, { folders, workspace, claims, options, host });
}

interface Entering {
  readonly folders: CacheFolders;
  readonly workspace: Workspace;
  readonly options: EnterOptions;
}

async function startHost(run: StoredKeptRun, { folders, workspace, options }: Entering): Promise<SandboxHost> {
  const { isolation, snapshotter } = run;
  const stateDir = folders.snapshots;
  const started = await startSandboxHost({
    ...{ stateDir, tempDir: workspace.path, isolation, snapshotter },
    signal: options.signal,
  });
  if (started.flavor === run.flavor) return started;
  await started[Symbol.asyncDispose]();
  throw new StepError('STEP_KEPT_RUN_GONE', `the root was kept by a build with other ids (${run.flavor})`, {
    hint: 'enter it as the user who built it, or build again with --on-error=keep',
  });
}

async function enter(
  run: StoredKeptRun,
  { host, claims, ...entering }: Entering & { readonly host: SandboxHost; readonly claims: Claims },
): Promise<number> {
  const { folders, workspace, options } = entering;
  const { secrets = [], ssh = [], signal = new AbortController().signal } = options;
  await using snapshot = await openRoot(run, host);
  const services = { folders, workspace, claims, signal, options: { secrets, ssh } };
  using realised = await realiseKept(run.mounts, host, services);
  const env = [...run.request.env, ...realised.env];
  const request = { ...run.request, env, mounts: realised.mounts };
  const { command, terminal, onOutput = () => {} } = options;
  if (command === undefined) return await runShell(neededTerminal(terminal), { ...run, snapshot, request });
  if (terminal !== undefined) return await runInTerminal(command, terminal, { ...run, snapshot, request });
  return (await snapshot.run({ ...request, argv: command }, onOutput)).exitCode;
}

async function openRoot(run: StoredKeptRun, host: SandboxHost): Promise<ActiveSnapshot> {
  for (const id of run.layerIds) if (!(await host.hasLayer(id))) throw gone(run);
  return host.openSnapshot(run.layerIds);
}

function gone({ id }: KeptRun): StepError {
  return new StepError('STEP_KEPT_RUN_GONE', `of the root ${id} a part was taken out of the cache`, {
    hint: 'build again with --on-error=keep',
  });
}

function neededTerminal(terminal: ShellTerminal | undefined): ShellTerminal {
  if (terminal !== undefined) return terminal;
  throw new OptionError('OPTION_NO_TERMINAL', 'a shell needs a terminal', { hint: 'give one, or a command' });
}

/** The failed commands whose roots were kept, the last one first. */
export async function listKeptRuns(options: StoreOptions = {}): Promise<readonly KeptRun[]> {
  const { kept } = cacheFolders(resolve(options.cacheDir ?? defaultCacheDir()));
  return createKeptRuns(kept)
    .scan()
    .map(({ run: { id, keptMs, step, stage, exitCode } }) => ({
      ...{ id, keptMs, step, stage },
      ...(exitCode !== undefined && { exitCode }),
    }))
    .sort((a, b) => b.keptMs - a.keptMs);
}
