import { BlockList, isIP } from 'node:net';

/** RFC 3927, RFC 4291; and where a cloud tells its machines their credentials, by IPv6 too. */
const LINK_LOCAL = new BlockList();
LINK_LOCAL.addSubnet('169.254.0.0', 16, 'ipv4');
LINK_LOCAL.addSubnet('fe80::', 10, 'ipv6');
LINK_LOCAL.addAddress('fd00:ec2::254', 'ipv6');
const NAMES = new Set(['metadata.google.internal', 'metadata.goog']);

/**
 * Whether an address is one that only this machine reaches, such as the metadata service of its cloud: no server outside
 * has business to send a build there.
 */
export function isLinkLocal({ hostname }: Pick<URL, 'hostname'>): boolean {
  const host = hostname.replace(/^\[|\]$/g, '');
  return isIP(host) === 0 ? NAMES.has(host.replace(/\.$/, '')) : isLinkLocalAddress(host);
}

/** {@link isLinkLocal} for what a name stands for; an IPv6 address may have a zone. */
export function isLinkLocalAddress(address: string): boolean {
  return LINK_LOCAL.check(address.replace(/%.*$/, ''), isIP(address) === 4 ? 'ipv4' : 'ipv6');
}
