import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import type { HttpRequest } from './http.ts';
import { isLinkLocalAddress } from './link-local.ts';

/** `code` of the error with which a name is refused. */
export const LINK_LOCAL_CODE = 'ERR_LAMELLA_LINK_LOCAL';

/** How the host of a request is looked up, as an option of its connection; the system's way where nothing is to be guarded. */
export function lookupOption(
  { isForeign }: Pick<HttpRequest, 'isForeign'>,
  lookup: LookupFunction | undefined,
): { readonly lookup?: LookupFunction } {
  if (isForeign) return { lookup: guardedLookup(lookup) };
  return lookup === undefined ? {} : { lookup };
}

/**
 * Looks names up for connections that must not end at a link-local address: of what a name stands for only the rest is
 * given, and when there is none, the lookup fails. What is connected to is what was looked at.
 */
function guardedLookup(lookup: LookupFunction = systemLookup): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, '');
      const addresses = (found as LookupAddress[]).filter(({ address }) => !isLinkLocalAddress(address));
      const [first] = addresses;
      if (first === undefined) return callback(refusal(hostname), '');
      if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

function refusal(hostname: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${hostname} stands for link-local addresses only`), { code: LINK_LOCAL_CODE });
}
