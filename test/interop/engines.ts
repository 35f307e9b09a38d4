import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

export function openPodman(): Engine & { readonly storage: readonly string[] } {
  const root = mkdtempSync(join(tmpdir(), 'lamella-podman-'));
  const storage = ['--root', join(root, 'root'), '--runroot', join(root, 'run'), '--tmpdir', join(root, 'tmp')];
  const modes = ['--storage-driver', 'vfs', '--cgroup-manager', 'cgroupfs', '--events-backend', 'none'];
  const podman = (...args: readonly string[]): Promise<string> => run('podman', ...storage, ...modes, ...args);
  return {
    storage: [...storage, ...modes],
    run: podman,
    start: (image) => podman('run', '--rm', '--network', 'none', '--runtime', 'runc', ...LIMITS, image),
    async [Symbol.asyncDispose]() {
      await podman('rmi', '--all', '--force');
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** Buildah with a storage of its own; `start` runs the command of an image, which it does not do by itself. */
export function openBuildah(): Engine {
  const root = mkdtempSync(join(tmpdir(), 'lamella-buildah-'));
  const storage = ['--root', join(root, 'root'), '--runroot', join(root, 'run'), '--storage-driver', 'vfs'];
  const buildah = (...args: readonly string[]): Promise<string> => run('buildah', ...storage, ...args);
  return {
    run: buildah,
    async start(image) {
      const container = (await buildah('from', '--pull-never', image)).trim();
      const { OCIv1 } = JSON.parse(await buildah('inspect', container));
      return await buildah('run', '--isolation', 'chroot', container, '--', ...OCIv1.config.Cmd);
    },
    async [Symbol.asyncDispose]() {
      await buildah('rm', '--all');
      await buildah('rmi', '--all', '--force');
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** crun refuses cgroups of both versions side by side. */
const ALONE = 'umount -l /sys/fs/cgroup/unified 2>/dev/null; exec "$@"';

/** Runs an OCI bundle with crun; what it prints. */
export async function runBundle(bundle: string): Promise<string> {
  const file = join(bundle, 'config.json');
  const config = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(file, JSON.stringify({ ...config, process: { ...config.process, terminal: false } }));
  const crun = [
    'crun',
    '--root',
    join(bundle, 'state'),
    '--cgroup-manager=disabled',
    'run',
    '-b',
    bundle,
    uniqueName(),
  ];
  return await run('unshare', '--mount', 'sh', '-c', ALONE, 'sh', ...crun);
}

/** `ctr` with a containerd of its own, which listens at `socket`. */
export async function openContainerd(): Promise<Engine & { readonly socket: string }> {
  const root = mkdtempSync(join(tmpdir(), 'lamella-ctr-'));
  const socket = join(root, 'c.sock');
  writeFileSync(join(root, 'config.toml'), containerdConfig(root, socket));
  const daemon = spawn('containerd', ['--config', join(root, 'config.toml')], { stdio: 'ignore' });
  const ctr = (...args: readonly string[]): Promise<string> => run('ctr', '--address', socket, ...args);
  await waitForSocket(socket, daemon);
  let started = 0;
  return {
    socket,
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
