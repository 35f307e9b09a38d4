import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { StepError } from '../core/errors.ts';
import { killProcessTree } from '../io/process-tree.ts';
import type { HostFlavor, NetworkHelperName } from '../rootfs/host-messages.ts';
import type { Cleanup } from './cleanup.ts';
import type { Mounter } from './mounter.ts';
import { type HelperPlace, helperResolvFile, type NetworkHelper, networkHelpers } from './network-helpers.ts';

/** A network namespace of one command, from which a helper leads to the world, but not to the loopback of this machine. */
export interface IsolatedNetwork {
  readonly helper: NetworkHelperName;
  /** File that holds the namespace. */
  readonly namespace: string;
  /** Content of /etc/resolv.conf. */
  readonly resolvFile: string;
}

export interface IsolatedNetworkParts {
  /** In memory; of this run alone. */
  readonly folder: string;
  readonly mounter: Mounter;
  readonly flavor: HostFlavor;
  readonly signal: AbortSignal;
  /** Ends the helper, and then the namespace. */
  readonly cleanup: Cleanup;
}

/** Helpers were seen to hang: one that is not ready by then is killed. */
const DEADLINE_MS = 10_000;
const POLL_MS = 5;

/**
 * Opens a network for one command, with the first helper that works.
 * @throws StepError `STEP_NETWORK_UNAVAILABLE`
 */
export async function openIsolatedNetwork(parts: IsolatedNetworkParts): Promise<IsolatedNetwork> {
  const place: HelperPlace = { ...parts, namespace: join(parts.folder, 'network') };
  const failures: string[] = [];
  for (const helper of networkHelpers(place)) {
    const end = await enterNamespace(place.namespace, parts.mounter);
    try {
      const stop = await startHelper(helper, parts.signal);
      parts.cleanup.add(end);
      parts.cleanup.add(stop);
      const { name, nameserver } = helper;
      return { helper: name, namespace: place.namespace, resolvFile: helperResolvFile(nameserver) };
    } catch (error) {
      await end();
      parts.signal.throwIfAborted();
      failures.push(`${helper.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw unavailable(failures);
}

/** A new namespace, held by a file; gives what lets go of it. */
async function enterNamespace(path: string, mounter: Mounter): Promise<() => Promise<void>> {
  writeFileSync(path, '');
  await promisify(execFile)('unshare', [`--net=${path}`, 'true']);
  return () => mounter.unmount(path);
}

/** Resolves when the namespace is configured, with what ends the helper. It ends with this process in any case. */
async function startHelper(helper: NetworkHelper, signal: AbortSignal): Promise<() => void> {
  const { program, args, readyFile } = helper;
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe', 'pipe'], cwd: '/', detached: true });
  const stop = (): void => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) killProcessTree(child.pid);
  };
  const over = new AbortController();
  const until = AbortSignal.any([signal, over.signal, AbortSignal.timeout(DEADLINE_MS)]);
  try {
    const isReady = readyFile === undefined ? byteOn(child) : contentOf(readyFile, until);
    await Promise.race([isReady, endOf(child), deadline(until)]);
    return stop;
  } catch (error) {
    stop();
    throw error;
  } finally {
    over.abort();
  }
}

function byteOn(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => child.stdio[3]?.once('data', () => resolve()));
}

async function contentOf(path: string, until: AbortSignal): Promise<void> {
  while (!((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0) && !until.aborted) await delay(POLL_MS);
}

/** Rejects when the helper ends, with the last line that it wrote; what it writes later is dropped. */
function endOf(child: ChildProcess): Promise<never> {
  let last = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    last = chunk.toString().trim().split('\n').at(-1) ?? last;
  });
  const ended = new Promise<never>((_, reject) => {
    child.once('error', reject);
    child.once('close', (code, by) => reject(new Error(last === '' ? `ended with ${by ?? code}` : last)));
  });
  ended.catch(() => {});
  return ended;
}

function deadline(until: AbortSignal): Promise<never> {
  const late = new Promise<never>((_, reject) => {
    until.addEventListener('abort', () => reject(new Error(`not ready within ${DEADLINE_MS / 1000} s`)), {
      once: true,
    });
  });
  late.catch(() => {});
  return late;
}

function unavailable(failures: readonly string[]): StepError {
  const reason = failures.length === 0 ? 'neither slirp4netns nor pasta is installed' : 'no helper for it works here';
  return new StepError('STEP_NETWORK_UNAVAILABLE', `cannot give a command a network of its own: ${reason}`, {
    hint:
      failures.length === 0
        ? 'install slirp4netns or passt (pasta), or use --network-mode host'
        : 'helpers need /dev/net/tun, which this user must be able to open (modprobe tun; chmod 666 /dev/net/tun); or use --network-mode host',
    // A helper is tried in more than one way.
    output: [...new Set(failures)],
  });
}
