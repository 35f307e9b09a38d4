import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from '../io/programs.ts';
import type { HostFlavor, NetworkHelperName } from '../rootfs/host-messages.ts';

/** A program of the host that carries what a network namespace sends to the world, and back. */
export interface NetworkHelper {
  readonly name: NetworkHelperName;
  readonly program: string;
  readonly args: readonly string[];
  /** Where it answers questions for names, which it takes to the resolver of the host. */
  readonly nameserver: string;
  /** How it tells that the namespace is configured: by a byte on descriptor 3, or by this file. */
  readonly readyFile?: string;
}

export interface HelperPlace {
  /** File that holds the namespace. */
  readonly namespace: string;
  /** Of this run alone. */
  readonly folder: string;
  readonly flavor: HostFlavor;
}

/** What is installed, best first. None of them lets the loopback of this machine be reached. */
export function networkHelpers(place: HelperPlace): NetworkHelper[] {
  return [...slirp(place), ...pasta(place)];
}

/** slirp4netns(1). Confined by itself where it can be, without that where it cannot. */
function slirp({ namespace }: HelperPlace): NetworkHelper[] {
  const program = findProgram('slirp4netns');
  if (program === undefined) return [];
  return [['--enable-sandbox', '--enable-seccomp'], []].map((confined) => ({
    name: 'slirp4netns',
    program,
    args: [
      ...['--configure', '--mtu=65520', '--disable-host-loopback', ...confined],
      ...['--ready-fd=3', '--netns-type=path', namespace, 'tap0'],
    ],
    nameserver: '10.0.2.3',
  }));
}

/** An address of the link that no network has, see pasta(1), `--dns-forward`. */
const PASTA_NAMESERVER = '169.254.1.1';

/** pasta(1). By default it would join the ports of both loopbacks, and take the gateway's address for this machine. */
function pasta({ namespace, folder, flavor }: HelperPlace): NetworkHelper[] {
  const program = findProgram('pasta');
  if (program === undefined) return [];
  const readyFile = join(folder, 'pasta.pid');
  const apart = ['--no-map-gw', '-t', 'none', '-u', 'none', '-T', 'none', '-U', 'none'];
  // As root it would become nobody, who may not enter the namespace.
  const user = flavor === 'root' ? ['--runas', '0:0'] : [];
  return [
    {
      name: 'pasta',
      program,
      args: [
        ...['--foreground', '--quiet', '--config-net', ...apart, ...user, '--dns-forward', PASTA_NAMESERVER],
        ...['--pid', readyFile, '--netns-only', '--netns', namespace],
      ],
      nameserver: PASTA_NAMESERVER,
      readyFile,
    },
  ];
}

/** Content of /etc/resolv.conf where a helper answers: what the host says, but for who is asked. */
export function helperResolvFile(nameserver: string): string {
  const kept = hostResolvLines().filter((line) => /^\s*(search|domain|options)\s/.test(line));
  return [`nameserver ${nameserver}`, ...kept, ''].join('\n');
}

function hostResolvLines(): string[] {
  try {
    return readFileSync('/etc/resolv.conf', 'utf8').split('\n');
  } catch {
    return [];
  }
}
