import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { StepError } from '../core/errors.ts';
import type { CommandTerminal, ProcessIdentity, ResourceBounds } from '../core/sandbox.ts';
import type { RunRequest, RunResult } from '../rootfs/host-messages.ts';
import type { BoundGroups } from './bounds.ts';
import type { CallContext } from './call.ts';
import { type Cleanup, keepingCleanup } from './cleanup.ts';
import type { IsolatedNetwork } from './isolated-network.ts';
import { removeTree } from './removal.ts';
import { mountRunRoot, type RunRoot } from './run-root.ts';
import type { Snapshot } from './snapshotter.ts';
import { openTerminal } from './terminal.ts';
import type { Workshop } from './workshop.ts';

export interface CommandRequest {
  readonly snapshot: Snapshot;
  readonly run: RunRequest;
}

/** A command that has ended, with all that was made and mounted for it. */
export interface EndedCommand {
  readonly result: RunResult;
  /** Something of that can be seen in the snapshot itself. */
  readonly marksSnapshot: boolean;
  /** To be undone: then nothing but what the command itself changed is there. */
  readonly cleanup: Cleanup;
}

/** Runs a command in a snapshot. When it could not be run, nothing is left of it. */
export async function runCommand(
  workshop: Workshop,
  { snapshot, run: request }: CommandRequest,
  context: CallContext,
): Promise<EndedCommand> {
  checkIds(request.identity);
  checkNetwork(workshop, request);
  return await keepingCleanup(async (cleanup) => {
    const { signal } = context;
    const network = request.network === 'isolated' ? await openNetwork(workshop, { signal, cleanup }) : undefined;
    const bound =
      request.bounds === undefined
        ? undefined
        : await bind(request, request.bounds, { workspace: workshop.tempDir, cleanup });
    const root = await mountRunRoot(snapshot.merged, request, { ...workshop, signal, cleanup, network });
    const run = { root, request: bound?.request ?? request, context, network, groups: bound?.groups };
    const result = await runInRoot(workshop, run);
    const told: RunResult = {
      ...result,
      ...(network !== undefined && { networkHelper: network.helper }),
      ...(bound?.unbound !== undefined && { unbound: bound.unbound }),
      ...(bound?.groups?.wasOutOfMemory(result) === true && { outOfMemory: true }),
    };
    return { result: told, marksSnapshot: root.marksSnapshot };
  });
}

interface RootRun {
  readonly root: RunRoot;
  readonly request: RunRequest;
  readonly context: CallContext;
  readonly network: IsolatedNetwork | undefined;
  readonly groups: BoundGroups | undefined;
}

async function runInRoot(workshop: Workshop, run: RootRun): Promise<RunResult> {
  const { root, request, context } = run;
  if (request.terminal === undefined) return await runBySandbox(workshop, run, undefined);
  const terminal = openTerminal({ ...root, owner: request.identity, size: request.terminal }, context);
  try {
    return await runBySandbox(workshop, run, terminal);
  } finally {
    await terminal.close();
  }
}

async function runBySandbox(
  { sandboxes, devices, leisure }: Workshop,
  { root, request, context, network, groups }: RootRun,
  terminal: CommandTerminal | undefined,
): Promise<RunResult> {
  const { signal, log } = context;
  const { joinFiles } = groups ?? {};
  const running = sandboxes.run(root.path, request, ({ method }) => {
    const scratch = join(root.scratch, method);
    mkdirSync(scratch);
    return { onOutput: log, signal, scratch, terminal, networkNamespace: network?.namespace, joinFiles };
  });
  leisure.add(() => devices.prepare());
  void leisure.use();
  return await running;
}

interface BoundRequest {
  readonly request: RunRequest;
  readonly groups?: BoundGroups;
  readonly unbound?: string;
}

/** Binds a command by control groups, or where there can be none by limits of its processes, as far as those go. */
async function bind(
  request: RunRequest,
  bounds: ResourceBounds,
  place: { readonly workspace: string; readonly cleanup: Cleanup },
): Promise<BoundRequest> {
  const { openBoundGroups, limitsInstead } = await import('./bounds.ts');
  try {
    return { request, groups: openBoundGroups(bounds, place) };
  } catch (error) {
    const limits = [...limitsInstead(bounds), ...(request.limits ?? [])];
    return { request: { ...request, limits }, unbound: error instanceof Error ? error.message : String(error) };
  }
}

/** Loaded where it is asked for only. */
async function openNetwork(
  { pointsDir, mounter, flavor }: Workshop,
  { signal, cleanup }: { readonly signal: AbortSignal; readonly cleanup: Cleanup },
): Promise<IsolatedNetwork> {
  const { openIsolatedNetwork } = await import('./isolated-network.ts');
  const folder = mkdtempSync(join(pointsDir, 'network-'));
  cleanup.add(() => removeTree(folder));
  return await openIsolatedNetwork({ folder, mounter, flavor, signal, cleanup });
}

function checkNetwork({ sandboxes }: Workshop, { network }: RunRequest): void {
  if (sandboxes.method !== 'chroot' || (network !== 'none' && network !== 'isolated')) return;
  const [what, option] =
    network === 'none'
      ? ['without network', '--network=none']
      : ['with a network of its own', '--network-mode isolated'];
  throw new StepError('STEP_SANDBOX_UNAVAILABLE', `chroot cannot run a command ${what}`, {
    hint: `drop ${option}, or use a method with namespaces: \`lamella doctor\` tells what would enable one`,
  });
}

/** An id without a place in the user namespace cannot be taken. */
function checkIds({ uid, gid, supplementaryGids }: ProcessIdentity): void {
  const users = readIdMap('uid');
  const groups = readIdMap('gid');
  const unmapped = isMapped(users, uid) ? [gid, ...supplementaryGids].find((id) => !isMapped(groups, id)) : uid;
  if (unmapped === undefined) return;
  throw new StepError('STEP_ID_NOT_MAPPED', `cannot run a command as id ${unmapped}: this user may not take that id`, {
    hint: 'install uidmap and give the user subordinate ids in /etc/subuid and /etc/subgid, or build as root',
  });
}

type IdRange = readonly [first: number, count: number];

function isMapped(ranges: readonly IdRange[], id: number): boolean {
  return ranges.some(([first, count]) => id >= first && id < first + count);
}

/** user_namespaces(7), "User and group ID mappings". */
function readIdMap(kind: 'uid' | 'gid'): IdRange[] {
  const lines = readFileSync(`/proc/self/${kind}_map`, 'utf8').trim().split('\n');
  return lines.map((line) => {
    const [first, , count] = line.trim().split(/\s+/).map(Number);
    return [first ?? 0, count ?? 0];
  });
}
