import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { quote } from '../measure/measure.ts';
import { setAside } from '../services/aside.ts';
import type { Floor, FloorInputs } from './floor.ts';

export const REPEATS = 10;

/** One command in a root that is there already, by the isolation method itself and nothing around it. */
export const bareRun: { readonly crun: Floor; readonly unshare: Floor; readonly npmCi: Floor } = {
  crun: {
    name: 'bare crun run',
    needs: ['crun'],
    inRoot: true,
    repeats: REPEATS,
    command: (inputs) => {
      const bundle = writeBundle(inputs, { args: ['/bin/sh', '-c', 'echo 1 > /tmp/file'], cwd: '/' });
      return ['sh', '-c', repeat(crunRun(bundle))];
    },
  },
  unshare: {
    name: 'bare unshare',
    needs: ['unshare'],
    inRoot: true,
    repeats: REPEATS,
    command: ({ root, scratch }) => {
      const table = join(scratch, 'fstab');
      writeFileSync(table, fstab(root));
      const inside = `mount -a -T ${quote(table)} && exec chroot ${quote(root)} /bin/sh -c "echo 1 > /tmp/file"`;
      return ['sh', '-c', repeat(`unshare --mount --pid --fork --ipc --uts sh -c '${inside}'`)];
    },
  },
  npmCi: {
    name: 'npm ci in bare crun',
    needs: ['crun'],
    inRoot: true,
    command: (inputs) => {
      const app = join(inputs.root, 'app');
      const files = ['package.json', 'package-lock.json', '.npmrc'].map((name) => quote(join(inputs.context, name)));
      const bundle = writeBundle(inputs, {
        args: ['/usr/local/bin/npm', 'ci', '--no-audit', '--no-fund'],
        cwd: '/app',
      });
      for (const path of [app, join(inputs.root, 'root/.npm')]) setAside(path);
      mkdirSync(app);
      return ['sh', '-c', `cp ${files.join(' ')} ${quote(app)} && ${crunRun(bundle)}`];
    },
  },
};

export function crunRun(bundle: string): string {
  return `crun --cgroup-manager=disabled run --bundle ${quote(bundle)} lamella-bench-$$`;
}

export function repeat(command: string): string {
  return `i=0; while [ $i -lt ${REPEATS} ]; do ${command} || exit 1; i=$((i+1)); done`;
}

interface Process {
  readonly args: readonly string[];
  readonly cwd: string;
}

/** The least that an OCI runtime asks for: root, mounts, namespaces; the network is that of the machine. */
function writeBundle({ root, scratch }: FloorInputs, { args, cwd }: Process): string {
  const bundle = join(scratch, 'bundle');
  mkdirSync(bundle, { recursive: true });
  const config = {
    ociVersion: '1.0.0',
    process: { user: { uid: 0, gid: 0 }, args, cwd, env: ['PATH=/usr/local/bin:/usr/bin:/bin', 'HOME=/root'] },
    root: { path: root },
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc' },
      { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755'] },
    ],
    linux: { namespaces: ['mount', 'pid', 'ipc', 'uts'].map((type) => ({ type })) },
  };
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(config));
  return bundle;
}

function fstab(root: string): string {
  return [
    `proc ${join(root, 'proc')} proc nosuid,nodev,noexec 0 0`,
    `tmpfs ${join(root, 'dev')} tmpfs nosuid,mode=755 0 0`,
    `sysfs ${join(root, 'sys')} sysfs ro,nosuid,nodev,noexec 0 0`,
    '',
  ].join('\n');
}
