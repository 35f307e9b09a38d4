import { existsSync, statSync } from 'node:fs';
import { isBuilderError, StepError } from '../../core/errors.ts';
import type { IsolationMethod } from '../../core/sandbox.ts';
import { findProgram, programFolders } from '../../io/programs.ts';
import type { RunMountRequest, RunRequest } from '../../rootfs/host-messages.ts';
import type { Machine } from '../../rootfs/machine.ts';
import { findObstacle, installCommand, subordinateIdObstacle } from '../../rootfs/obstacles.ts';
import { startSandboxHost } from '../../rootfs/sandbox-host.ts';
import type { MethodReport } from './host-report.ts';

export interface TrialPlace {
  readonly stateDir: string;
  readonly tempDir: string;
  readonly machine: Machine;
  readonly signal: AbortSignal | undefined;
}

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
    await using snapshot = await host.openSnapshot([]);
    const { request, expected } = method === 'chroot' ? emptyTrial() : programTrial();
    const { exitCode } = await snapshot.run(request, () => {}, place.signal);
    if (exitCode === expected) return { method, works: true, gives, flavor: host.flavor, remedies: [] };
    return { method, works: false, gives, reason: `a command ended with exit code ${exitCode}`, remedies: [] };
  } catch (error) {
    place.signal?.throwIfAborted();
    const machine = method === 'chroot' ? undefined : place.machine;
    return { method, works: false, gives, ...explain(error, machine) };
  }
}

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
  const more = findObstacle(machine)?.reason;
  const reason = more === undefined ? 'not installed' : `not installed, and ${more}`;
  return { reason, remedies: [installCommand(PACKAGES[method], machine)] };
}

/** The machine explains what namespaces and mounts lack. */
function explain(error: unknown, machine: Machine | undefined): Pick<MethodReport, 'reason' | 'output' | 'remedies'> {
  if (!isBuilderError(error)) throw error;
  const output = error instanceof StepError ? error.output : [];
  const obstacle =
    error.family === 'step' && machine ? (findObstacle(machine) ?? subordinateIdObstacle(machine)) : undefined;
  const remedies = obstacle?.remedies ?? (error.hint === undefined ? [] : [error.hint]);
  const reason = obstacle === undefined ? error.message : `${error.message}: ${obstacle.reason}`;
  return { reason, remedies, ...(output.length > 0 && { output }) };
}

/** Where programs of a machine and what they load lie. */
const FOLDERS = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/nix', '/gnu'];

interface TrialCommand {
  readonly request: RunRequest;
  readonly expected: number;
}

/** Where nothing can be mounted: a root that is entered and holds no program answers with 127. */
function emptyTrial(): TrialCommand {
  return { request: trialRequest('/true', []), expected: 127 };
}

function programTrial(): TrialCommand {
  const mounts = FOLDERS.filter((path) => existsSync(path) && statSync(path).isDirectory()).map(
    (path): RunMountRequest => ({ kind: 'bind', source: path, target: path, readOnly: true }),
  );
  return { request: trialRequest('true', mounts), expected: 0 };
}

function trialRequest(program: string, mounts: readonly RunMountRequest[]): RunRequest {
  return {
    argv: [program],
    env: [`PATH=${programFolders().join(':')}`],
    cwd: '/',
    identity: { uid: 0, gid: 0, supplementaryGids: [] },
    hostname: 'buildkitsandbox',
    mounts,
    network: 'default',
    security: 'sandbox',
    extraHosts: [],
  };
}
