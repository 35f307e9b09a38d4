import { isBuilderError, StepError } from '../../core/errors.ts';
import type { IsolationMethod, ResourceBounds } from '../../core/sandbox.ts';
import { makeRoomForGroups } from '../../io/delegated-group.ts';
import type { RunRequest, RunResult } from '../../rootfs/host-messages.ts';
import { startSandboxHost } from '../../rootfs/sandbox-host.ts';
import { boundsRemedies, networkRemedies, readFeatureFacts, snapshotterRemedies } from './feature-remedies.ts';
import type { BoundsReport, HostReport, IsolatedNetworkReport } from './host-report.ts';
import { type TrialPlace, trialFor } from './trial.ts';

type FeatureReports = Required<Pick<HostReport, 'snapshotter' | 'isolatedNetwork' | 'bounds'>>;

/** Tries what a build may ask for besides a method, with a method that works. */
export async function tryFeatures(method: IsolationMethod, place: TrialPlace): Promise<FeatureReports> {
  const facts = readFeatureFacts(method, place.machine);
  makeRoomForGroups();
  await using host = await startSandboxHost({ ...place, isolation: method });
  await using snapshot = host.openSnapshot([]);
  const { request, expected } = trialFor(method);
  const attempt: Attempt = async (more) => {
    const result = await snapshot.run({ ...request, ...more }, () => {}, place.signal);
    if (result.exitCode === expected) return result;
    throw new StepError('STEP_EXIT_CODE', `a command ended with exit code ${result.exitCode}`);
  };
  const { snapshotter } = host;
  return {
    snapshotter: { ...snapshotter, remedies: snapshotterRemedies(snapshotter, facts) },
    isolatedNetwork: await tryIsolatedNetwork(attempt, place, () => networkRemedies(facts)),
    bounds: await tryBounds(attempt, place, () => boundsRemedies(facts)),
  };
}

/** Runs a command that changes nothing, with what is to be tried. */
type Attempt = (more: Partial<RunRequest>) => Promise<RunResult>;

async function tryIsolatedNetwork(
  attempt: Attempt,
  { signal }: TrialPlace,
  remedies: () => readonly string[],
): Promise<IsolatedNetworkReport> {
  try {
    const { networkHelper } = await attempt({ network: 'isolated' });
    return { works: true, ...(networkHelper !== undefined && { helper: networkHelper }), remedies: [] };
  } catch (error) {
    signal?.throwIfAborted();
    return { works: false, ...explain(error), remedies: remedies() };
  }
}

/** More than the command needs, however it is kept. */
const BOUNDS: ResourceBounds = { memoryBytes: 2 ** 30, pids: 4096 };

async function tryBounds(
  attempt: Attempt,
  { signal }: TrialPlace,
  remedies: () => readonly string[],
): Promise<BoundsReport> {
  try {
    const { unbound } = await attempt({ bounds: BOUNDS });
    if (unbound === undefined) return { enforcedBy: 'control-groups', remedies: [] };
    return { enforcedBy: 'process-limits', reason: unbound, remedies: remedies() };
  } catch (error) {
    signal?.throwIfAborted();
    return { enforcedBy: 'nothing', reason: explain(error).reason, remedies: remedies() };
  }
}

function explain(error: unknown): { readonly reason: string; readonly output?: readonly string[] } {
  if (!isBuilderError(error)) throw error;
  const output = error instanceof StepError ? error.output : [];
  return { reason: error.message, ...(output.length > 0 && { output }) };
}
