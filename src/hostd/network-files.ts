import { readFileSync } from 'node:fs';
import type { RunRequest } from '../rootfs/host-messages.ts';

/** Content of /etc/hosts for a command. */
export function hostsFile({ hostname, extraHosts }: RunRequest): string {
  const lines = [
    `127.0.0.1\tlocalhost ${hostname}`,
    '::1\tlocalhost ip6-localhost ip6-loopback',
    ...extraHosts.map(({ name, address }) => `${address}\t${name}`),
  ];
  return `${lines.join('\n')}\n`;
}

/** Content of /etc/resolv.conf for a command with the network of this machine: a copy of the host's. */
export function resolvFile(): string {
  try {
    return readFileSync('/etc/resolv.conf', 'utf8');
  } catch {
    return '';
  }
}
