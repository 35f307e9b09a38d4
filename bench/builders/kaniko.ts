import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { quote } from '../measure/measure.ts';
import { renewFolder } from '../services/aside.ts';
import { findProgram } from '../services/programs.ts';
import type { Builder } from './builder.ts';
import { layersOfLayout, sizeOf } from './layers.ts';
import { emptyFolder, type Tools } from './tools.ts';

/**
 * kaniko works in its own root and empties it. So it gets one of ours, with nothing in it but itself. It keeps no cache
 * without a registry, so it does everything again each time.
 */
export function kaniko(tools: Tools): Builder | undefined {
  const program = findProgram('kaniko') ?? findProgram('kaniko-executor');
  if (program === undefined) return undefined;
  const folder = tools.folder('kaniko');
  const group = tools.accounting.openGroup('kaniko');
  const root = join(folder, 'root');
  return {
    name: 'kaniko',
    version: 'on PATH',
    what: 'kaniko in a root of its own, to an OCI layout; everything again in each build',
    group,
    takes: () => true,
    async clear() {
      renewFolder(folder);
      for (const name of ['kaniko', 'workspace', 'proc', 'dev', 'etc'])
        mkdirSync(join(root, name), { recursive: true });
      copyFileSync(program, join(root, 'kaniko/executor'));
      copyFileSync('/etc/resolv.conf', join(root, 'etc/resolv.conf'));
    },
    command: ({ context }) => ['unshare', '--mount', 'sh', '-c', script(root, context)],
    layerBytes: async () => sizeOf(layersOfLayout(join(root, 'kaniko/image'))),
    async [Symbol.asyncDispose]() {
      await group.close();
      emptyFolder(folder);
    },
  };
}

const DEVICES: readonly (readonly [string, number])[] = [
  ['null', 3],
  ['zero', 5],
  ['random', 8],
  ['urandom', 9],
];

/** The mounts end with their namespace, and kaniko leaves alone what is a mount point, and `/kaniko`. */
function script(root: string, context: string): string {
  const flags = ['--force', '--no-push', '--context', 'dir:///workspace', '--oci-layout-path', '/kaniko/image'];
  const insecure = ['--insecure', '--insecure-pull', '--destination', 'bench'];
  return [
    `mount --bind -o ro ${quote(context)} ${quote(join(root, 'workspace'))}`,
    `mount -t proc proc ${quote(join(root, 'proc'))}`,
    `mount -t tmpfs tmpfs ${quote(join(root, 'dev'))}`,
    ...DEVICES.map(([name, minor]) => `mknod -m 666 ${quote(join(root, 'dev', name))} c 1 ${minor}`),
    `exec chroot ${quote(root)} /kaniko/executor ${[...flags, ...insecure].join(' ')}`,
  ].join(' && ');
}
