import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { run, TEST_DOCKER } from '../support/host.ts';

/** An engine that takes images and runs them, apart from whatever the user has. */
export interface Engine extends AsyncDisposable {
  run(...args: readonly string[]): Promise<string>;
  /** Runs the default command of an image; what it prints. */
  start(image: string): Promise<string>;
}

/** Names that engines may still hold from a run that was killed must not count. */
export function uniqueName(): string {
  return `lamella-interop-${process.pid}-${Date.now().toString(36)}`;
}

export function openDocker(): Engine {
  const docker = (...args: readonly string[]): Promise<string> => run('docker', '-H', TEST_DOCKER, ...args);
  return {
    run: docker,
    start: (image) => docker('run', '--rm', '--network', 'none', image),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** The limits of an open-file or process count that a container may not raise differ between hosts: small ones do. */
const LIMITS = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024'];

export function openPodman(): Engine {
  const root = mkdtempSync(join(tmpdir(), 'lamella-podman-'));
  const storage = ['--root', join(root, 'root'), '--runroot', join(root, 'run'), '--tmpdir', join(root, 'tmp')];
  const modes = ['--storage-driver', 'vfs', '--cgroup-manager', 'cgroupfs', '--events-backend', 'none'];
  const podman = (...args: readonly string[]): Promise<string> => run('podman', ...storage, ...modes, ...args);
  return {
    run: podman,
    start: (image) => podman('run', '--rm', '--network', 'none', '--runtime', 'runc', ...LIMITS, image),
    async [Symbol.asyncDispose]() {
      await podman('rmi', '--all', '--force');
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** `ctr` with a containerd of its own. */
export async function openContainerd(): Promise<Engine> {
  const root = mkdtempSync(join(tmpdir(), 'lamella-ctr-'));
  const socket = join(root, 'c.sock');
  writeFileSync(join(root, 'config.toml'), containerdConfig(root, socket));
  const daemon = spawn('containerd', ['--config', join(root, 'config.toml')], { stdio: 'ignore' });
  const ctr = (...args: readonly string[]): Promise<string> => run('ctr', '--address', socket, ...args);
  await waitForSocket(socket, daemon);
  let started = 0;
  return {
    run: ctr,
    start: (image) => ctr('run', '--rm', '--snapshotter', 'native', image, `test-${++started}`),
    async [Symbol.asyncDispose]() {
      const exited = once(daemon, 'exit');
      daemon.kill();
      await exited;
      rmSync(root, { recursive: true, force: true });
    },
  };
}

function containerdConfig(root: string, socket: string): string {
  return `version = 2
root = "${join(root, 'root')}"
state = "${join(root, 'state')}"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
address = "${socket}"
[plugins."io.containerd.internal.v1.opt"]
path = "${join(root, 'opt')}"
`;
}

async function waitForSocket(socket: string, daemon: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (daemon.exitCode !== null) throw new Error(`containerd ended with exit code ${daemon.exitCode}`);
    if (existsSync(socket)) return;
    await delay(50);
  }
  throw new Error('containerd does not listen');
}
