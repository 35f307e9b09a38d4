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
export function isLinkLocal({ hostname }: URL): boolean {
  const host = hostname.replace(/^\[|\]$/g, '');
  const family = isIP(host);
  if (family === 0) return NAMES.has(host.replace(/\.$/, ''));
  return LINK_LOCAL.check(host, family === 4 ? 'ipv4' : 'ipv6');
}
