/** Capability names by number, as far as they are known (capabilities(7)). */
const NAMES = (
  'chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service ' +
  'net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin ' +
  'sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write audit_control setfcap mac_override ' +
  'mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore'
).split(' ');

/** What root in a container may do, as in Docker. */
const CONTAINER_DEFAULT: ReadonlySet<string> = new Set(
  'chown dac_override fsetid fowner mknod net_raw setgid setuid setfcap setpcap net_bind_service sys_chroot kill audit_write'.split(
    ' ',
  ),
);

/** Names of the capabilities in a bounding set (the hexadecimal mask of /proc/self/status, `CapBnd`). */
function namesOf(mask: string): string[] {
  const bits = BigInt(`0x${mask}`);
  return NAMES.filter((_, number) => ((bits >> BigInt(number)) & 1n) === 1n);
}

/** The capabilities that a command gets, of those that this process may give. */
export function grantedCapabilities(available: string, security: 'sandbox' | 'insecure'): string[] {
  const names = namesOf(available);
  return security === 'insecure' ? names : names.filter((name) => CONTAINER_DEFAULT.has(name));
}

/** Numbers of the capabilities that a command of this security must not have, of those that this process has. */
export function deniedCapabilities(available: string, security: 'sandbox' | 'insecure'): number[] {
  if (security === 'insecure') return [];
  const bits = BigInt(`0x${available}`);
  const numbers = Array.from({ length: 64 }, (_, number) => number);
  return numbers.filter(
    (number) => ((bits >> BigInt(number)) & 1n) === 1n && !CONTAINER_DEFAULT.has(NAMES[number] ?? ''),
  );
}
