import { hostArchitecture } from '../io/host.ts';
import { compileFilter } from '../io/libseccomp.ts';

/**
 * System calls that a build never needs and that reach into the kernel or other processes. Shorter than Docker's
 * profile, and the other way round: what is not named here is allowed, and still subject to the capabilities.
 */
const DENIED = (
  'acct add_key bpf clock_adjtime clock_settime create_module delete_module fanotify_init finit_module fsconfig fsmount ' +
  'fsopen fspick get_kernel_syms init_module io_uring_enter io_uring_register io_uring_setup ioperm iopl kcmp ' +
  'kexec_file_load kexec_load keyctl lookup_dcookie mount mount_setattr move_mount nfsservctl open_by_handle_at ' +
  'open_tree perf_event_open pidfd_getfd pivot_root process_vm_readv process_vm_writev query_module quotactl ' +
  'quotactl_fd reboot request_key setns settimeofday stime swapoff swapon syslog sysfs umount umount2 unshare uselib ' +
  'userfaultfd ustat vhangup'
).split(' ');

const EPERM = 1;
const ENOSYS = 38;

/** The CLONE_NEW* flags of clone(2): mount, cgroup, UTS, IPC, user, PID and network namespace. */
const NAMESPACE_FLAGS = [0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000];

/** What runs on a processor besides its own programs; without being named here it would be killed. */
const ARCHITECTURES: Readonly<Record<string, readonly string[]>> = {
  amd64: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
  arm64: ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM'],
};

/** `linux.seccomp` of an OCI runtime configuration (runtime-spec, config-linux.md, "Seccomp"). */
export interface SeccompProfile {
  readonly defaultAction: 'SCMP_ACT_ALLOW';
  readonly architectures?: readonly string[];
  readonly syscalls: readonly RefusedCalls[];
}

export interface RefusedCalls {
  readonly names: readonly string[];
  readonly action: 'SCMP_ACT_ERRNO';
  readonly errnoRet: number;
  readonly args?: readonly RefusedArgument[];
}

/** Refused where the bits of `value` in the argument are those of `valueTwo`. */
export interface RefusedArgument {
  readonly index: number;
  readonly value: number;
  readonly valueTwo: number;
  readonly op: 'SCMP_CMP_MASKED_EQ';
}

/** What is refused on this machine's architecture. */
export function seccompProfile(): SeccompProfile {
  const architecture = hostArchitecture();
  const architectures = ARCHITECTURES[architecture];
  // On s390x the first two arguments of clone(2) are swapped.
  const flagsIndex = architecture === 's390x' ? 1 : 0;
  return {
    defaultAction: 'SCMP_ACT_ALLOW',
    ...(architectures !== undefined && { architectures }),
    syscalls: [
      { names: DENIED, action: 'SCMP_ACT_ERRNO', errnoRet: EPERM },
      // Its flags lie in memory, out of reach of a filter: callers fall back to clone.
      { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: ENOSYS },
      ...NAMESPACE_FLAGS.map(
        (flag): RefusedCalls => ({
          names: ['clone'],
          action: 'SCMP_ACT_ERRNO',
          errnoRet: EPERM,
          args: [{ index: flagsIndex, value: flag, valueTwo: flag, op: 'SCMP_CMP_MASKED_EQ' }],
        }),
      ),
    ],
  };
}

const ARCHITECTURE_PREFIX = 'SCMP_ARCH_';

/** The same as the system takes it, in base64; `undefined` where nothing here can make it. */
export function compiledProfile(): string | undefined {
  const { architectures = [], syscalls } = seccompProfile();
  const filter = compileFilter({
    architectures: architectures.map((name) => name.slice(ARCHITECTURE_PREFIX.length).toLowerCase()),
    refused: syscalls.flatMap(({ names, errnoRet: errno, args = [] }) => {
      const masked = args.map(({ index, value: mask, valueTwo: value }) => ({ index, mask, value }));
      return names.map((name) => ({ name, errno, masked }));
    }),
  });
  return filter?.toString('base64');
}
