import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run, TEST_DOCKER, TEST_REGISTRY } from '../support/host.ts';
import { type ReadImage, readImageDir, readImageTree } from '../support/image-tree.ts';
import { runCli } from '../support/run-cli.ts';
import type { PreparedCase } from './peer-cases.ts';

export type Build = (prepared: PreparedCase) => Promise<ReadImage>;

export interface Builder extends Disposable {
  readonly build: Build;
}

/** Debian's client uses the BuildKit of its engine; newer ones want the buildx plug-in. */
export const DOCKER: string = existsSync('/usr/bin/docker') ? '/usr/bin/docker' : 'docker';

/** Cases begin with `ARG REGISTRY`, since not every builder has named contexts. */
function commonArgs(prepared: PreparedCase): string[] {
  return [
    ...['-f', prepared.dockerfile, '--no-cache'],
    ...Object.entries({ REGISTRY: TEST_REGISTRY, ...prepared.buildArgs }).flatMap(([name, value]) => [
      '--build-arg',
      `${name}=${value}`,
    ]),
    ...(prepared.target === undefined ? [] : ['--target', prepared.target]),
    ...Object.entries(prepared.secretFiles).flatMap(([id, path]) => ['--secret', `id=${id},src=${path}`]),
  ];
}

export function openLamella(): Builder {
  const cache = mkdtempSync(join(tmpdir(), 'lamella-peers-'));
  return {
    async build(prepared) {
      const layout = join(prepared.out, 'lamella');
      const output = ['-o', `type=oci-layout,dest=${layout}`, '--timestamps', 'preserve', '--progress', 'plain'];
      const args = ['build', '--cache-dir', cache, ...output, ...commonArgs(prepared), prepared.context];
      const { exitCode, stderr } = await runCli(args);
      if (exitCode !== 0) throw new Error(`lamella ended with exit code ${exitCode}: ${stderr}`);
      return await readImageTree(layout);
    },
    [Symbol.dispose]: () => rmSync(cache, { recursive: true, force: true }),
  };
}

/** The BuildKit of the Docker Engine. */
export function openDockerBuilder(): Builder {
  const names: string[] = [];
  process.env.DOCKER_BUILDKIT = '1';
  return {
    async build(prepared) {
      const name = `lamella-peers-${process.pid}:${names.length}`;
      const dir = join(prepared.out, 'docker');
      names.push(name);
      const args = ['--network', 'none', '--progress', 'plain', '-t', name, ...commonArgs(prepared)];
      await run(DOCKER, '-H', TEST_DOCKER, 'build', ...args, prepared.context);
      await run('skopeo', 'copy', '-q', '--src-daemon-host', TEST_DOCKER, `docker-daemon:${name}`, `dir:${dir}`);
      return await readImageDir(dir);
    },
    [Symbol.dispose]: () => {
      if (names.length > 0) spawnSync(DOCKER, ['-H', TEST_DOCKER, 'rmi', '--force', ...names]);
    },
  };
}

/** Overlay does not work everywhere, vfs copies each base. */
function storageDriver(folders: readonly string[]): 'overlay' | 'vfs' {
  const { status } = spawnSync('buildah', [...folders, '--storage-driver', 'overlay', 'info']);
  return status === 0 ? 'overlay' : 'vfs';
}

/** Buildah with storage of its own. It puts all that a stage does into one layer. */
export function openBuildah(): Builder {
  const root = mkdtempSync(join(tmpdir(), 'lamella-buildah-'));
  const folders = ['--root', join(root, 'root'), '--runroot', join(root, 'run')];
  const storage = [...folders, '--storage-driver', storageDriver(folders)];
  const modes = [
    '--isolation',
    'chroot',
    '--cap-add',
    'CAP_MKNOD',
    '--tls-verify=false',
    '--format',
    'docker',
    '--identity-label=false',
  ];
  return {
    async build(prepared) {
      const name = `localhost/${prepared.name}`;
      const dir = join(prepared.out, 'buildah');
      await run('buildah', ...storage, 'build', ...modes, '-t', name, ...commonArgs(prepared), prepared.context);
      await run('buildah', ...storage, 'push', '-q', '--format', 'docker', name, `dir:${dir}`);
      await run('buildah', ...storage, 'rmi', name);
      return await readImageDir(dir);
    },
    [Symbol.dispose]: () => {
      // Its overlay driver leaves the folder mounted on itself.
      spawnSync('umount', ['--lazy', join(root, 'root', 'overlay')]);
      rmSync(root, { recursive: true, force: true });
    },
  };
}
