import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** A control group of this process, by the mount that shows it. */
export interface OwnGroup {
  readonly version: 1 | 2;
  /** Controllers of version 1. */
  readonly names: readonly string[];
  readonly folder: string;
  /** Where the hierarchy is mounted. */
  readonly top: string;
}

/** The groups of this process (cgroups(7), /proc/PID/cgroup), by the mounts that show them. */
export function readOwnGroups(): OwnGroup[] {
  const lines = readFileSync('/proc/self/cgroup', 'utf8').trim().split('\n');
  const mounts = readMounts();
  return lines.flatMap((line): OwnGroup[] => {
    const [id, names = '', path = '/'] = /^(\d+):([^:]*):(.*)$/.exec(line)?.slice(1) ?? [];
    const isUnified = id === '0' && names === '';
    const mount = mounts.find(({ type, options }) =>
      isUnified ? type === 'cgroup2' : type === 'cgroup' && names.split(',').every((name) => options.includes(name)),
    );
    if (mount === undefined) return [];
    const folder = join(mount.top, relative(mount.root, path));
    const version = isUnified ? 2 : 1;
    return [
      {
        version,
        names: isUnified ? [] : names.split(','),
        folder: existsSync(folder) ? folder : mount.top,
        top: mount.top,
      },
    ];
  });
}

interface GroupMount {
  readonly root: string;
  readonly top: string;
  readonly type: string;
  readonly options: readonly string[];
}

/** proc_pid_mountinfo(5). */
function readMounts(): GroupMount[] {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').trim().split('\n');
  return lines.flatMap((line) => {
    const [mount = '', system = ''] = line.split(' - ');
    const [, , , root = '/', top = ''] = mount.split(' ');
    const [type = '', , options = ''] = system.split(' ');
    return type.startsWith('cgroup') ? [{ root, top, type, options: options.split(',') }] : [];
  });
}
