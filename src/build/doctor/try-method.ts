import { isBuilderError, StepError } from '../../core/errors.ts';
import type { IsolationMethod } from '../../core/sandbox.ts';
import { findProgram } from '../../io/programs.ts';
import type { Machine } from '../../rootfs/machine.ts';
import { filterObstacle, findObstacle, installCommand } from '../../rootfs/obstacles.ts';
import { startSandboxHost } from '../../rootfs/sandbox-host.ts';
import type { MethodReport } from './host-report.ts';
import { type TrialPlace, trialFor } from './trial.ts';

/** Best first, with what each gives. */
export const METHODS: readonly (readonly [IsolationMethod, string])[] = [
  ['crun', "namespaces, docker's capabilities, seccomp filter, masked paths"],
  ['runc', "namespaces, docker's capabilities, seccomp filter, masked paths"],
  ['unshare', "namespaces, docker's capabilities, masked paths; no seccomp filter"],
  ['bwrap', 'as unshare, and no_new_privs: sudo gives no rights'],
  ['chroot', 'only with --isolation chroot: a root of its own and fewer capabilities; no namespaces, no /proc'],
];

/** Runs `true` of this machine in a root of its own, with the whole way of a RUN around it. */
export async function tryMethod([method, gives]: (typeof METHODS)[number], place: TrialPlace): Promise<MethodReport> {
  const missing = missingProgram(method, place.machine);
  if (missing !== undefined) return { method, works: false, gives, ...missing };
  try {
    await using host = await startSandboxHost({ ...place, isolation: method });
    await using snapshot = host.openSnapshot([]);
    const { request, expected } = trialFor(method);
    const { exitCode } = await snapshot.run(request, () => {}, place.signal);
    if (exitCode === expected) return { method, works: true, gives, flavor: host.flavor, remedies: [] };
    return { method, works: false, gives, reason: `a command ended with exit code ${exitCode}`, remedies: [] };
  } catch (error) {
    place.signal?.throwIfAborted();
    const machine = method === 'chroot' ? undefined : place.machine;
    return { method, works: false, gives, ...explain(error, machine) };
  }
}

const NOT_INSTALLED = 'not installed';

const PACKAGES: Readonly<Record<IsolationMethod, string>> = {
  crun: 'crun',
  runc: 'runc',
  unshare: 'util-linux',
  bwrap: 'bubblewrap',
  chroot: 'coreutils',
};

function missingProgram(
  method: IsolationMethod,
  machine: Machine,
): Pick<MethodReport, 'reason' | 'remedies'> | undefined {
  if (machine.platform !== 'linux' || findProgram(method) !== undefined) return undefined;
  return { reason: NOT_INSTALLED, remedies: [installCommand(PACKAGES[method], machine)] };
}

/** Where no namespaces can be made, installing a program does not help alone. */
export function withObstacle(methods: readonly MethodReport[], machine: Machine): readonly MethodReport[] {
  const obstacle = methods.some(({ method, works }) => works && method !== 'chroot')
    ? undefined
    : findObstacle(machine);
  if (obstacle === undefined) return methods;
  return methods.map((report) => {
    if (report.reason !== NOT_INSTALLED) return report;
    const remedies = report.remedies.flatMap((install) => obstacle.remedies.map((more) => `${install}, and ${more}`));
    return { ...report, reason: `${NOT_INSTALLED}, and ${obstacle.reason}`, remedies };
  });
}

/** The machine explains what namespaces and mounts lack. */
function explain(error: unknown, machine: Machine | undefined): Pick<MethodReport, 'reason' | 'output' | 'remedies'> {
  if (!isBuilderError(error)) throw error;
  const output = error instanceof StepError ? error.output : [];
  const obstacle = error.family === 'step' && machine ? (findObstacle(machine) ?? filterObstacle(machine)) : undefined;
  const remedies = obstacle?.remedies ?? (error.hint === undefined ? [] : [error.hint]);
  const reason = obstacle === undefined ? error.message : `${error.message}: ${obstacle.reason}`;
  return { reason, remedies, ...(output.length > 0 && { output }) };
}
