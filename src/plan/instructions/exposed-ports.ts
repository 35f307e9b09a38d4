import { isIP } from 'node:net';

/** What one word of EXPOSE means. */
export interface ExposedPorts {
  /** `N/protocol`, one for each port of a range. */
  readonly ports: readonly string[];
  readonly upperCaseProtocol: boolean;
  /** Whether an address or port of the host was given, and dropped. */
  readonly hostPart: boolean;
}

interface PortRange {
  readonly start: number;
  readonly end: number;
}

const WORD = /^(?:(?<host>.*):)?(?<range>\d+(?:-\d+)?)(?:\/(?<protocol>[a-z]*))?$/i;

/** Reads `[ip:[hostport:]]port[-end][/protocol]` (reference, section 9); `undefined` when it is not that. */
export function parseExposedPorts(text: string): ExposedPorts | undefined {
  const { host, range: rangeText = '', protocol = '' } = WORD.exec(text)?.groups ?? {};
  const range = parseRange(rangeText);
  const lower = protocol.toLowerCase() || 'tcp';
  if (range === undefined || !/^(tcp|udp|sctp)$/.test(lower)) return undefined;
  if (host !== undefined && !isHostPart(host, range)) return undefined;
  return {
    ports: Array.from({ length: range.end - range.start + 1 }, (_, i) => `${range.start + i}/${lower}`),
    upperCaseProtocol: protocol !== protocol.toLowerCase(),
    hostPart: host !== undefined,
  };
}

function parseRange(text: string): PortRange | undefined {
  const [first, last = first] = text.split('-');
  if (!/^\d+(-\d+)?$/.test(text)) return undefined;
  const [start, end] = [Number(first), Number(last)];
  return start <= end && end <= 65_535 ? { start, end } : undefined;
}

/** `ip`, `hostport`, `ip:hostport` or `ip:`; several host ports must be as many as there are ports. */
function isHostPart(text: string, ports: PortRange): boolean {
  if (isAddress(text)) return true;
  const colon = text.lastIndexOf(':');
  const address = text.slice(0, Math.max(colon, 0));
  const hostPorts = text.slice(colon + 1);
  if (colon >= 0 && address !== '' && !isAddress(address)) return false;
  if (hostPorts === '') return true;
  const host = parseRange(hostPorts);
  const isOnePort = ports.start === ports.end;
  return host !== undefined && (isOnePort || host.end - host.start === ports.end - ports.start);
}

function isAddress(text: string): boolean {
  return isIP(text.replace(/^\[(.*)\]$/, '$1')) !== 0;
}
