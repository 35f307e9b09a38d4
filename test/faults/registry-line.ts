import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** How a registry is down. */
export type Down = 'refuses' | 'hangs' | 'hangs up' | 'refuses TLS' | '401' | '429' | '503';

export interface RegistryLine {
  /** `host:port` by which the registry is reached, or not. */
  readonly address: string;
  /** How often somebody tried. */
  readonly tries: number;
  fail(how: Down): Promise<void>;
  /** From now on all bytes pass. */
  mend(): Promise<void>;
}

const STATUSES: Partial<Record<Down, string>> = {
  401: '401 Unauthorized\r\nwww-authenticate: Basic realm="line"',
  429: '429 Too Many Requests',
  503: '503 Service Unavailable',
};

/** RFC 8446, 6.2: a fatal alert, handshake_failure. */
const TLS_ALERT = Buffer.from([0x15, 3, 3, 0, 2, 2, 40]);

/** A way to a registry that can be cut, and mended again. A host that is not loopback is one that TLS is expected of. */
export async function openLine(registry: string, host: '127.0.0.1' | '0.0.0.0' = '127.0.0.1'): Promise<RegistryLine> {
  let down: Down | undefined;
  let tries = 0;
  const open = new Set<Socket>();
  const keep = (socket: Socket): Socket => {
    open.add(socket);
    return socket.on('error', () => {}).on('close', () => open.delete(socket));
  };
  const server = createServer((client) => {
    keep(client);
    if (down !== undefined) return answer(client, down, () => tries++);
    const [name, port] = registry.split(':');
    const upstream = keep(connect(Number(port), name));
    client.on('close', () => upstream.destroy()).pipe(upstream);
    upstream.on('close', () => client.destroy()).pipe(client);
  });
  const listen = async (port: number): Promise<void> =>
    void (await once(server.listen(port, '127.0.0.1'), 'listening'));
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const close = (): void => {
    for (const socket of open) socket.destroy();
    server.close();
  };
  onTestFinished(close);
  return {
    address: `${host}:${port}`,
    get tries() {
      return tries;
    },
    async fail(how) {
      down = how;
      if (how === 'refuses') close();
      else for (const socket of open) socket.destroy();
    },
    async mend() {
      down = undefined;
      if (!server.listening) await listen(port);
    },
  };
}

function answer(client: Socket, down: Down, count: () => void): void {
  const status = STATUSES[down];
  client.on('data', (bytes) => {
    if (status !== undefined && !/^[A-Z]+ \//.test(bytes.toString('latin1'))) return;
    count();
    if (status !== undefined) client.end(`HTTP/1.1 ${status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`);
    else if (down === 'refuses TLS') client.end(TLS_ALERT);
    else if (down === 'hangs up') client.destroy();
  });
}
