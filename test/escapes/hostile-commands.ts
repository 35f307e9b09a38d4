import type { IsolationMethod } from '../../src/core/sandbox.ts';
import type { RunMountRequest } from '../../src/rootfs/host-messages.ts';

/** What a hostile command has to do with of the machine. */
export interface Target {
  /** A folder with the files `secret` and `empty` and the empty folder `hollow`, which every user may write to. */
  readonly outside: string;
  /** Folder of a cache mount. */
  readonly cache: string;
  /** Number of a living process of the machine. */
  readonly pid: number;
  /** `MAJOR MINOR` of a disk of the machine. */
  readonly disk: string;
}

/** One run of a hostile command, or several in a row in the same snapshot. */
export interface HostileCommand {
  readonly title: string;
  /** Methods that do not claim to protect from it (docs/security.md). */
  readonly notBy?: readonly IsolationMethod[];
  /** Paths that are links before the first run, and what they lead to in the folder outside. */
  readonly links?: Readonly<Record<string, string>>;
  readonly runs: (target: Target) => readonly HostileRun[];
  /** What the last run prints, or the code of the error that refuses it. */
  readonly outcome: { readonly prints: string } | { readonly refused: string };
}

export interface HostileRun {
  readonly script: string;
  readonly mounts?: readonly RunMountRequest[];
}

type Script = (target: Target) => string;

const NEEDS_NAMESPACES: readonly IsolationMethod[] = ['chroot'];

const fails = (title: string, script: Script, notBy: readonly IsolationMethod[] = []): HostileCommand =>
  prints(title, 'no', (target) => `{ ${script(target)}; } >/dev/null 2>&1 && echo yes || echo no`, notBy);

const prints = (
  title: string,
  expected: string,
  script: Script,
  notBy: readonly IsolationMethod[] = [],
): HostileCommand => ({
  title,
  notBy,
  outcome: { prints: expected },
  runs: (target) => [{ script: script(target) }],
});

const FILES: readonly HostileCommand[] = [
  fails('reads a file of the machine by its path', ({ outside }) => `cat ${outside}/secret`),
  fails('reads it by a path that climbs', ({ outside }) => `cd /tmp; cat ../../../../../../../..${outside}/secret`),
  fails('reads it through a link', ({ outside }) => `ln -s ${outside}/secret /l; cat /l`),
  fails('makes a hard link to it', ({ outside }) => `ln ${outside}/secret /h`),
  fails('reads it through the root of every process', ({ outside }) => `cat /proc/[0-9]*/root${outside}/secret`),
  fails('reads it through the working directory of every process', () => 'cat /proc/[0-9]*/cwd/secret'),
  fails('reads it through the open files of every process', () => 'cat /proc/[0-9]*/fd/[3-9]'),
  prints(
    'looks for files of the machine in the mounts that it sees',
    '0',
    ({ outside }) => `grep -c ${outside} /proc/self/mountinfo`,
    NEEDS_NAMESPACES,
  ),
  prints(
    'runs a program of the machine through /proc',
    '0',
    () => 'ls -l /proc/[0-9]*/exe 2>/dev/null | grep -cv busybox',
  ),
  fails('overwrites the program that started it', () => 'echo x >/proc/1/exe', NEEDS_NAMESPACES),
  prints(
    'replaces the mode, owner and name of /dev/null',
    'done',
    () =>
      'chmod 0 /dev/null; chown 7 /dev/null; mv /dev/null /dev/other; rm -f /dev/null; echo done >/tmp/o; cat /tmp/o',
  ),
];

const KERNEL: readonly HostileCommand[] = [
  fails('mounts', () => 'mount -t tmpfs none /tmp'),
  fails('binds a directory', () => 'mkdir /b; mount --bind / /b'),
  fails('takes a mount away', () => 'umount /proc || umount -l /proc || umount -l / || umount -l /dev'),
  fails('makes /proc/sys writable', () => 'mount -o remount,bind,rw /proc/sys'),
  fails('makes /sys writable', () => 'mount -o remount,bind,rw /sys'),
  fails('asks for help of sysrq', () => 'echo h >/proc/sysrq-trigger', NEEDS_NAMESPACES),
  fails('reads kernel memory', () => 'head -c 1 /proc/kcore | grep -q .'),
  fails('reads the log of the kernel', () => 'head -c 1 /proc/kmsg | grep -q .'),
  fails('writes to /proc/sys', () => 'cat /proc/sys/kernel/core_pattern >/proc/sys/kernel/core_pattern'),
  fails(
    'writes to /sys',
    () => 'cat /sys/kernel/mm/transparent_hugepage/enabled >/sys/kernel/mm/transparent_hugepage/enabled',
  ),
  fails('makes a control group', () => 'mkdir /sys/fs/cgroup/escaped || mkdir /sys/fs/cgroup/memory/escaped'),
  fails(
    'reads a disk by a node of its own',
    ({ disk }) => `mknod /disk b ${disk} && head -c 1 /disk | grep -q .`,
    NEEDS_NAMESPACES,
  ),
  fails('reads memory by a node of its own', () => 'mknod /mem c 1 1 && head -c 1 /mem | grep -q .', NEEDS_NAMESPACES),
  fails('sets the name of the machine', () => 'hostname escaped'),
  fails(
    'covers itself in namespaces to uncover the machine',
    ({ outside }) => `unshare -Urm sh -c 'umount -l /; cat ${outside}/secret'`,
  ),
];

const PROCESSES: readonly HostileCommand[] = [
  fails('kills a process of the machine', ({ pid }) => `kill -9 ${pid}`, NEEDS_NAMESPACES),
  prints('kills all that it may', '', () => 'kill -9 -1', NEEDS_NAMESPACES),
  fails('stops whoever started it', () => '[ "$PPID" != 0 ] && kill -STOP $PPID', NEEDS_NAMESPACES),
  fails('enters the namespaces of another process', ({ outside }) => `nsenter -t 1 -m -p cat ${outside}/secret`),
  prints(
    'looks for secrets in the environment of others',
    '0',
    () => 'cat /proc/[0-9]*/environ 2>/dev/null | grep -c lamella-hidden',
  ),
  fails('reads the memory of whoever started it', () => 'head -c 1 /proc/$PPID/mem', NEEDS_NAMESPACES),
  fails('types into the terminal', () => 'echo x >/dev/tty'),
];

const secretAt = (target: string): RunMountRequest => ({
  kind: 'file',
  target,
  content: '',
  mode: 0o400,
  uid: 0,
  gid: 0,
});
const tmpfsAt = (target: string): RunMountRequest => ({ kind: 'tmpfs', target, readOnly: false });
const cacheAt = (source: string, target: string): RunMountRequest => ({
  kind: 'cache',
  source,
  target,
  readOnly: false,
  mode: 0o755,
  uid: 0,
  gid: 0,
});

const mounted = (
  title: string,
  outcome: HostileCommand['outcome'],
  runs: HostileCommand['runs'],
  notBy: readonly IsolationMethod[] = [],
): HostileCommand => ({ title, outcome, runs, notBy });

const MOUNTS: readonly HostileCommand[] = [
  mounted('puts a link in the way of the file that was mounted for it', { prints: 'there' }, ({ outside }) => [
    { script: `mv /x /y && ln -s ${outside} /x`, mounts: [secretAt('/x/empty')] },
    { script: 'test -L /x && echo there' },
  ]),
  mounted('puts a link in the way of the directory that was mounted for it', { prints: 'there' }, ({ outside }) => [
    { script: `mv /x /y && ln -s ${outside} /x`, mounts: [tmpfsAt('/x/hollow')] },
    { script: 'test -L /x && echo there' },
  ]),
  mounted('puts a link in the way of its cache', { prints: 'there' }, ({ outside, cache }) => [
    { script: `mv /x /y && ln -s ${outside} /x`, mounts: [cacheAt(cache, '/x/hollow')] },
    { script: 'test -L /x && echo there' },
  ]),
  mounted('puts a link in the way of a mount in a cache', { prints: 'done' }, ({ outside, cache }) => [
    {
      script: `mv /c/x /c/y && ln -s ${outside} /c/x; echo done`,
      mounts: [cacheAt(cache, '/c'), secretAt('/c/x/empty')],
    },
  ]),
  mounted('leaves a link where the next command has a file mounted', { prints: 'inside' }, ({ outside }) => [
    { script: `mkdir /x && ln -s ${outside}/new /x/f` },
    { script: `test -f /x/f && test -f ${outside}/new && echo inside`, mounts: [secretAt('/x/f')] },
  ]),
  mounted('leaves a link where the next command has a cache', { prints: 'inside' }, ({ outside, cache }) => [
    { script: `ln -s ${outside} /x` },
    { script: `touch /x/f; test -f ${outside}/f && echo inside`, mounts: [cacheAt(cache, '/x')] },
  ]),
  mounted('leaves a link in a cache where the next command has a mount', { prints: 'inside' }, ({ outside, cache }) => [
    { script: `rm -rf /c/*; ln -s ${outside} /c/l`, mounts: [cacheAt(cache, '/c')] },
    { script: `touch /c/l/f; test -f ${outside}/f && echo inside`, mounts: [cacheAt(cache, '/c'), tmpfsAt('/c/l')] },
  ]),
  {
    title: 'finds links out of the root in the place of files that are mounted',
    notBy: NEEDS_NAMESPACES,
    links: { 'etc/hosts': 'secret', 'etc/resolv.conf': 'secret' },
    outcome: { prints: 'inside' },
    runs: ({ outside }) => [{ script: `grep -q localhost ${outside}/secret && echo inside` }],
  },
  mounted(
    'leaves a link in the place of /etc',
    { prints: 'inside' },
    ({ outside }) => [
      { script: `mv /etc /etc2; ln -s ${outside} /etc` },
      { script: `test -f ${outside}/hosts && echo inside` },
    ],
    NEEDS_NAMESPACES,
  ),
  ...['/dev', '/proc', '/sys', '/dev/../dev/.', '/dev/..'].map((target) => ({
    title: `hides links out of the root in a cache at ${target}`,
    outcome: { refused: 'STEP_MOUNT_TARGET' },
    runs: ({ outside, cache }: Target) => [
      {
        script: `rm -rf /c/*; mkdir /c/pts /c/shm /c/mqueue; ln -s ${outside}/secret /c/null`,
        mounts: [cacheAt(cache, '/c')],
      },
      { script: 'cat /proc/kcore /proc/keys', mounts: [cacheAt(cache, target)] },
    ],
  })),
  ...['dev', 'proc', 'sys'].map((name) => ({
    title: `finds a link out of the root in the place of /${name}`,
    links: { [name]: '' },
    runs: () => [{ script: 'echo inside' }],
    outcome: { refused: 'STEP_BAD_ROOT' },
  })),
];

export const HOSTILE_COMMANDS: readonly HostileCommand[] = [...FILES, ...KERNEL, ...PROCESSES, ...MOUNTS];
