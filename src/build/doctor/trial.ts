import { existsSync, statSync } from 'node:fs';
import type { IsolationMethod } from '../../core/sandbox.ts';
import { programFolders } from '../../io/programs.ts';
import type { RunMountRequest, RunRequest } from '../../rootfs/host-messages.ts';
import type { Machine } from '../../rootfs/machine.ts';

/** Where trials are made. */
export interface TrialPlace {
  readonly stateDir: string;
  readonly tempDir: string;
  readonly machine: Machine;
  readonly signal: AbortSignal | undefined;
}

/** A command that needs no image: it does nothing, and ends with `expected`. */
export interface Trial {
  readonly request: RunRequest;
  readonly expected: number;
}

/** For a root without any layer. */
export function trialFor(method: IsolationMethod): Trial {
  return method === 'chroot' ? emptyTrial() : programTrial();
}

/** Where programs of a machine and what they load lie. */
const FOLDERS = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/nix', '/gnu'];

/** Where nothing can be mounted: a root that is entered and holds no program answers with 127. */
function emptyTrial(): Trial {
  return { request: trialRequest('/true', []), expected: 127 };
}

/** `true` of this machine. */
function programTrial(): Trial {
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
