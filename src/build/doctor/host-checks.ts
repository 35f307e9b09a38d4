import { statfsSync } from 'node:fs';
import { loadLibc } from '../../io/libc/libc.ts';
import { findProgram } from '../../io/programs.ts';
import type { Machine } from '../../rootfs/machine.ts';
import { installCommand, subordinateIdObstacle } from '../../rootfs/obstacles.ts';
import type { HostCheck, MethodReport } from './host-report.ts';

export interface CheckedHost {
  readonly cacheDir: string;
  readonly machine: Machine;
  readonly methods: readonly MethodReport[];
}

/** What besides the methods makes a difference to builds. */
export function hostChecks(host: CheckedHost): HostCheck[] {
  const isLinux = host.machine.platform === 'linux';
  return [
    diskSpace(host),
    ...(isLinux ? [subordinateIds(host), extendedAttributes()] : []),
    ...(host.methods.some(({ works }) => works) ? [seccomp(host), network()] : []),
    ...programs(host.machine),
  ];
}

const LITTLE_SPACE = 2_000_000_000;
const GIGABYTE = 1_000_000_000;

function diskSpace({ cacheDir }: CheckedHost): HostCheck {
  const { bavail, bsize } = statfsSync(cacheDir);
  const free = bavail * bsize;
  const finding = `${(free / GIGABYTE).toFixed(1)} GB free for the cache in ${cacheDir}`;
  if (free >= LITTLE_SPACE) return ok('disk space', finding);
  return warning('disk space', finding, ['free some space, or put the cache elsewhere: --cache-dir DIR']);
}

/** What was tried counts more than what the machine looks like. */
function subordinateIds({ machine, methods }: CheckedHost): HostCheck {
  const flavors = methods.flatMap(({ method, flavor }) => (method === 'chroot' ? [] : (flavor ?? [])));
  const needsNone = flavors.includes('root') || (machine.isRoot && flavors.length === 0);
  if (needsNone) return ok('subordinate ids', 'not needed as root');
  const obstacle = subordinateIdObstacle(machine);
  if (flavors.includes('mapped') || (obstacle === undefined && !flavors.includes('single-id'))) {
    return ok('subordinate ids', `${machine.userName} has them: RUN may own files as anybody`);
  }
  const reason = obstacle?.reason ?? 'newuidmap or newgidmap fails here';
  return warning('subordinate ids', `${reason}: RUN is root alone, and chown to anybody else fails`, [
    ...(obstacle?.remedies ?? []),
  ]);
}

function seccomp({ methods }: CheckedHost): HostCheck {
  const works = methods.some(({ method, works: does }) => does && (method === 'crun' || method === 'runc'));
  if (works) return ok('seccomp', 'commands are filtered by the OCI runtime');
  const finding = 'no OCI runtime works here: commands may make every system call that their rights allow';
  return warning('seccomp', finding, methods.find(({ method }) => method === 'crun')?.remedies ?? []);
}

function extendedAttributes(): HostCheck {
  if (loadLibc() !== undefined) return ok('extended attributes', 'file capabilities are kept (koffi)');
  const finding = 'koffi does not load: layers whose files have capabilities are refused, and RUN is slower';
  return warning('extended attributes', finding, ['npm install --include=optional']);
}

/** Programs that single features need. */
const PROGRAMS: readonly (readonly [program: string, debianPackage: string, use: string])[] = [
  ['git', 'git', 'contexts, ADD and npm packages from git repositories'],
  ['xz', 'xz-utils', 'ADD of .tar.xz archives'],
  ['bzip2', 'bzip2', 'ADD of .tar.bz2 archives'],
];

function programs(machine: Machine): HostCheck[] {
  return PROGRAMS.map(([program, debianPackage, use]) => {
    const path = findProgram(program);
    if (path !== undefined) return ok(program, path);
    return warning(program, `missing: needed for ${use}`, [installCommand(debianPackage, machine)]);
  });
}

function network(): HostCheck {
  const finding = 'RUN uses the network of this machine, and reaches its local services';
  return ok('network', `${finding}, unless --network=none or --network-mode isolated`);
}

function ok(name: string, finding: string): HostCheck {
  return { name, status: 'ok', finding, remedies: [] };
}

function warning(name: string, finding: string, remedies: readonly string[]): HostCheck {
  return { name, status: 'warning', finding, remedies };
}
