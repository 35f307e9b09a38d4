import { spawnSync } from 'node:child_process';

const EMULATOR = '/usr/bin/qemu-aarch64-static';
/** Of an ELF program for arm64, as qemu-user-static registers it; F: in any root file system. */
export const ARM64_HANDLER = `:qemu-aarch64:M::\\x7fELF\\x02\\x01\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x02\\x00\\xb7\\x00:\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\x00\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xfe\\xff\\xff\\xff:${EMULATOR}:F`;
/** The machine of a user whose kernel knows the handlers of this namespace and no other; $1 is what it is to know. */
const MACHINE = `set -e
mount -t tmpfs none /sys/fs/cgroup
mount -t binfmt_misc none /proc/sys/fs/binfmt_misc
[ -z "$1" ] || printf %s "$1" > /proc/sys/fs/binfmt_misc/register
shift
exec unshare --user --map-user=1000 --map-group=1000 "$@"`;

export interface Outcome {
  readonly status: number | null;
  readonly stderr: string;
}

/** Runs a command as an ordinary user of such a machine. */
export function onMachine(handler: string, ...command: readonly string[]): Outcome {
  const words = ['--user', '--map-root-user', '--mount', 'sh', '-c', MACHINE, 'sh', handler, ...command];
  return spawnSync('unshare', words, { encoding: 'utf8', timeout: 120_000 });
}

/** Since Linux 6.7 a user namespace has handlers of its own; what an older kernel emulates is not for a test to change. */
export const kernelEmulatesArm64: boolean = process.arch === 'x64' && onMachine(ARM64_HANDLER, 'true').status === 0;
