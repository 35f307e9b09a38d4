import { join } from 'node:path';
import type { Ingredient } from '../../cache/frame.ts';
import type { IndexedLayer, Layer } from '../../core/image.ts';
import type { LogChunk } from '../../core/sandbox.ts';
import { packLayer } from '../../layers/pack.ts';
import { readNpmCommand } from '../../npm/command.ts';
import type { RunStep } from '../../plan/step.ts';
import { lookupUser } from '../../rootfs/accounts.ts';
import { diffTree } from '../../rootfs/diff.ts';
import type { RunMountRequest, RunRequest } from '../../rootfs/host-messages.ts';
import type { ActiveSnapshot, SandboxHost } from '../../rootfs/sandbox-host.ts';
import { argsRemark } from '../explain/comparisons.ts';
import { afterFailure } from '../failed/failed-run.ts';
import type { BuildOptions } from '../options.ts';
import { openSnapshot, snapshotId } from '../snapshots.ts';
import type { StepLayer } from '../step-result.ts';
import { accountTexts } from '../tree-files.ts';
import { commandFailed, unboundWarning } from './command-failed.ts';
import { packOptions, type StepContext, timePolicy, timesIngredient } from './context.ts';
import { refuseForeignCommand } from './foreign-platform.ts';
import { createLogTail } from './log-tail.ts';
import { type PreparedMounts, prepareMounts } from './mounts.ts';
import { type Restrictions, RUN_RECIPE, runIngredients } from './run-key.ts';
import { withinTimeLimit } from './time-limit.ts';

/** Carries out a RUN, or takes its layer from the cache (reference, sections 10, 15, 16). */
export async function runCommand(step: RunStep, context: StepContext): Promise<StepLayer> {
  const { session, stack, platform, info, cache } = context;
  const mounts = await prepareMounts(step.mounts, context);
  const surroundings = {
    parent: stack.chainId,
    platform,
    times: timesIngredient(session.settings),
    hosts: session.options.addHosts ?? [],
    ...restrictionsOf(session.options),
  };
  const command = runIngredients(step, surroundings);
  let committed: Promise<void> | undefined;
  return await cache.layerFor({
    info,
    recipe: RUN_RECIPE,
    ...(mounts.definition !== undefined && { definition: [...command, ...mounts.definition] }),
    resolve: async () => ({
      ingredients: [...command, ...(await mounts.ingredients())],
      remarks: () => [...argsRemark(step.args), ...mounts.remarks()],
      hostLimits: async () => limitsOf(await session.sandboxHost()),
      make: async () => {
        suggestNative(step, context);
        const made = await execute(step, context, mounts);
        committed = made.committed;
        return made.layer;
      },
      settled: async () => await committed,
    }),
  });
}

/** Said only when the command really runs, and never where it would change nothing. */
function suggestNative(step: RunStep, { session, info }: StepContext): void {
  if (session.settings.npm.mode !== 'suggest' || readNpmCommand(step.argv).kind !== 'npm') return;
  const bytes = Buffer.from('lamella: with --npm native this can be done without a container\n');
  session.emit({ type: 'log', step: info, stream: 'stderr', bytes });
}

/** A host that knows but one owner makes other layers than one that knows all (design 4). */
function limitsOf({ flavor }: SandboxHost): Ingredient[] {
  return flavor === 'single-id' ? [{ name: 'host', value: flavor }] : [];
}

interface ExecutedStep {
  readonly layer: IndexedLayer;
  /** The snapshot has become the directory of the layer. */
  readonly committed: Promise<void>;
}

async function execute(step: RunStep, context: StepContext, mounts: PreparedMounts): Promise<ExecutedStep> {
  const { session, stack } = context;
  refuseForeignCommand(context);
  const host = await session.sandboxHost();
  const snapshot = await openSnapshot(session, host, stack);
  try {
    const layer = await makeLayer(step, context, { mounts, host, snapshot });
    return { layer, committed: commit(snapshot, layer, context) };
  } catch (error) {
    await snapshot[Symbol.asyncDispose]();
    throw error;
  }
}

interface Workplace {
  readonly mounts: PreparedMounts;
  readonly host: SandboxHost;
  readonly snapshot: ActiveSnapshot;
}

async function makeLayer(
  step: RunStep,
  context: StepContext,
  { mounts, host, snapshot }: Workplace,
): Promise<IndexedLayer> {
  using realised = await mounts.realise(host);
  const request = await runRequest(step, context, realised);
  try {
    await runIn(snapshot, request, { step, context, host });
  } catch (error) {
    throw await afterFailure(error, { step, context, host, snapshot, request, mounts: realised.kept });
  }
  return await packChanges(snapshot, host, context);
}

async function commit(snapshot: ActiveSnapshot, layer: Layer, context: StepContext): Promise<void> {
  await using ended = snapshot;
  const { session, stack, precedesRun } = context;
  const options = { times: timePolicy(session.settings), opensNext: precedesRun };
  await ended.commit(snapshotId(stack.push(layer)), options);
}

function restrictionsOf({ noNewPrivileges = false, ulimits = [] }: BuildOptions): Restrictions {
  return { noNewPrivileges, limits: ulimits };
}

interface RealisedMounts {
  readonly mounts: readonly RunMountRequest[];
  readonly env: readonly string[];
}

async function runRequest(step: RunStep, context: StepContext, extra: RealisedMounts): Promise<RunRequest> {
  const { session } = context;
  const user = lookupUser(await accountTexts(session, context.stack), step.user);
  const script: RunMountRequest[] =
    step.script === undefined
      ? []
      : [
          {
            kind: 'file',
            target: `/dev/pipes/${step.script.name}`,
            content: toBase64(step.script.content),
            mode: 0o755,
            uid: 0,
            gid: 0,
          },
        ];
  const env = [...step.env, ...step.proxyEnv, ...extra.env];
  return {
    argv: step.argv,
    env: env.some((variable) => variable.startsWith('HOME=')) ? env : [...env, `HOME=${user.home}`],
    cwd: step.cwd,
    identity: user.identity,
    hostname: step.hostname,
    mounts: [...extra.mounts, ...script],
    network: step.network === 'default' && session.options.networkMode === 'isolated' ? 'isolated' : step.network,
    security: step.security,
    ...(session.options.bounds !== undefined && { bounds: session.options.bounds }),
    extraHosts: session.options.addHosts ?? [],
    ...(session.options.shmSizeBytes !== undefined && { shmSizeBytes: session.options.shmSizeBytes }),
    ...restrictionsOf(session.options),
  };
}

async function runIn(
  snapshot: ActiveSnapshot,
  request: RunRequest,
  { step, context, host }: { readonly step: RunStep; readonly context: StepContext; readonly host: SandboxHost },
): Promise<void> {
  const { session, info } = context;
  const tail = createLogTail();
  const onOutput = ({ stream, bytes }: LogChunk): void => {
    tail.add(bytes);
    session.emit({ type: 'log', step: info, stream, bytes });
  };
  // The time of a command begins when its root is there.
  if (session.options.stepTimeoutMs !== undefined) await snapshot.opened();
  const result = await withinTimeLimit(
    session,
    (signal) => snapshot.runLast(request, onOutput, signal),
    () => tail.lines(),
  );
  const { exitCode, method, unbound, outOfMemory = false } = result;
  session.isolatedBy(method);
  if (unbound !== undefined) session.warnOnce(unboundWarning(unbound));
  const { memoryBytes } = session.options.bounds ?? {};
  if (exitCode !== 0) {
    throw commandFailed(step, {
      exitCode,
      output: tail.lines(),
      flavor: host.flavor,
      ...(outOfMemory && { memoryBytes }),
    });
  }
}

async function packChanges(snapshot: ActiveSnapshot, host: SandboxHost, context: StepContext): Promise<IndexedLayer> {
  const { session, stack } = context;
  const entries = await diffTree({
    tree: await stack.tree(),
    candidates: await snapshot.changes(),
    ownersKnown: host.flavor !== 'single-id',
    devicesKnown: host.makesDevices,
    hash: (paths) => snapshot.hash(paths),
  });
  // What changes nothing is the same layer for every step, and needs no other process.
  if (entries.length === 0)
    return await session.library.empty(() => packLayer([], session.store, packOptions(session)));
  const { times, compression } = packOptions(session);
  const tempDir = join(session.workspace.path, 'ingest');
  return await snapshot.pack(entries, { blobDir: session.storeDir, tempDir, times, compression });
}

function toBase64(text: string): string {
  return Buffer.from(text).toString('base64');
}
