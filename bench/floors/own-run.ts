import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SandboxCommand } from '../../src/core/sandbox.ts';
import { findProgram } from '../../src/io/programs.ts';
import { coveredRootCommand } from '../../src/sandbox/covered-root.ts';
import { crunFilter } from '../../src/sandbox/crun.ts';
import { ociConfig } from '../../src/sandbox/oci-config.ts';
import { quote } from '../measure/measure.ts';
import { crunRun, REPEATS, repeat } from './bare-run.ts';
import type { Floor } from './floor.ts';

const COMMAND: SandboxCommand = {
  argv: ['/bin/sh', '-c', 'true'],
  env: ['PATH=/usr/local/bin:/usr/bin:/bin', 'HOME=/root'],
  cwd: '/',
  identity: { uid: 0, gid: 0, supplementaryGids: [] },
  hostname: 'bench',
  security: 'sandbox',
  network: 'host',
};

/** `RUN true` by the method itself, contained as lamella contains it: seccomp, capabilities, masked paths. */
export const ownRun: { readonly crun: Floor; readonly unshare: Floor } = {
  crun: {
    name: 'crun run of true, as lamella configures it',
    needs: ['crun', 'unshare'],
    inRoot: true,
    repeats: REPEATS,
    command: ({ root, scratch }) => {
      const bundle = join(scratch, 'own-bundle');
      mkdirSync(bundle, { recursive: true });
      const options = { capabilities: boundingSet(), canSetGroups: true, filterAnnotations: crunFilter };
      const config = ociConfig(root, COMMAND, { ...options, window: undefined });
      writeFileSync(join(bundle, 'config.json'), JSON.stringify(config));
      return withSystem(root, repeat(crunRun(bundle)));
    },
  },
  unshare: {
    name: 'unshare of true, as lamella calls it',
    needs: ['unshare', 'setpriv'],
    inRoot: true,
    repeats: REPEATS,
    command: ({ root, scratch }) => {
      const own = { unshare: pathOf('unshare'), setpriv: pathOf('setpriv'), mount: pathOf('mount') };
      const tools = { ...own, sh: pathOf('sh'), env: pathOf('env') };
      const options = { tools, capabilities: boundingSet(), canSetGroups: true, launcher: [] };
      const words = coveredRootCommand({ options, root, command: COMMAND, run: { scratch } });
      const namespaces = 'unshare --mount --ipc --uts --pid --fork --kill-child';
      return withSystem(root, repeat(`${namespaces} ${words.map(quote).join(' ')}`));
    },
  },
};

/** Both take a mounted root with /dev and /sys: made once for all repetitions, in a mount namespace that ends with them. */
function withSystem(root: string, script: string): readonly string[] {
  const [dev, sys] = ['dev', 'sys'].map((name) => quote(join(root, name)));
  const place = quote(root);
  const mounts = `mount --bind ${place} ${place} && mount -t tmpfs -o mode=755 tmpfs ${dev} && mount -t sysfs -o ro sysfs ${sys}`;
  const devices = `mkdir ${dev}/pts ${dev}/shm ${dev}/mqueue && mknod -m 666 ${dev}/null c 1 3`;
  return ['unshare', '--mount', 'sh', '-c', `${mounts} && ${devices} && { ${script}; }`];
}

function pathOf(name: string): string {
  return findProgram(name) ?? name;
}

/** Of this process, as the sandbox host would have it. */
function boundingSet(): string {
  return /^CapBnd:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
}
