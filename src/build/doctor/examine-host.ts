import { release } from 'node:os';
import { join, resolve } from 'node:path';
import { defaultCacheDir, hostArchitecture, nodeVersion } from '../../io/host.ts';
import { toHostError } from '../../io/host-error.ts';
import { makeFolder } from '../../io/make-folder.ts';
import { createWorkspace } from '../../io/workspace.ts';
import { type Machine, readMachine } from '../../rootfs/machine.ts';
import { hostChecks } from './host-checks.ts';
import type { HostReport, MachineReport, MethodReport } from './host-report.ts';
import { tryFeatures } from './try-features.ts';
import { METHODS, tryMethod, withObstacle } from './try-method.ts';

export interface ExamineOptions {
  /** Default: `$XDG_CACHE_HOME/lamella`, else `~/.cache/lamella`; made if it is missing. */
  readonly cacheDir?: string;
  readonly signal?: AbortSignal;
}

/**
 * Tells what this machine can do: tries every method of isolation with a command, and with the best one how root file
 * systems are made, networks isolated and bounds kept; says of what does not work why, and what would enable it. Changes
 * nothing but the cache folder, where it works like a build.
 * @throws HostError when the cache folder cannot be used
 * @example
 * const { method } = await examineHost();
 * if (method === undefined) console.log('RUN does not work here');
 */
export async function examineHost({ cacheDir = defaultCacheDir(), signal }: ExamineOptions = {}): Promise<HostReport> {
  const folder = resolve(cacheDir);
  const machine = readMachine();
  makeCacheFolder(folder);
  await using workspace = createWorkspace(join(folder, 'tmp'));
  const place = { stateDir: join(folder, 'snapshots'), tempDir: workspace.path, machine, signal };
  const tried: MethodReport[] = [];
  for (const method of METHODS) tried.push(await tryMethod(method, place));
  const methods = withObstacle(tried, machine);
  const working = methods.find(({ works }) => works)?.method;
  const method = working === 'chroot' ? undefined : working;
  return {
    machine: describe(machine),
    ...(method !== undefined && { method }),
    methods,
    ...(working !== undefined && (await tryFeatures(working, place))),
    checks: hostChecks({ cacheDir: folder, machine, methods }),
  };
}

function makeCacheFolder(path: string): void {
  try {
    makeFolder(path);
  } catch (error) {
    throw toHostError(error, 'make the cache folder', path);
  }
}

function describe({ platform, userName, container, runner }: Machine): MachineReport {
  return {
    platform,
    architecture: hostArchitecture(),
    release: release(),
    node: nodeVersion(),
    user: userName,
    ...(container !== undefined && { container }),
    ...(runner !== undefined && { runner }),
  };
}
