import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface ForwardProxy {
  readonly url: string;
  /** What was asked of it: `GET http://…`, or `CONNECT host:port`. */
  readonly requests: string[];
  /** What it was shown. */
  readonly authorizations: (string | undefined)[];
}

/** A forward proxy on loopback (RFC 9110, 7.6 and 9.3.6), for plain requests and for tunnels. */
export async function startProxy(): Promise<ForwardProxy> {
  const proxy: ForwardProxy = { url: '', requests: [], authorizations: [] };
  const note = ({ method, url, headers }: IncomingMessage): void => {
    proxy.requests.push(`${method} ${url}`);
    proxy.authorizations.push(headers['proxy-authorization']);
  };
  const server = createServer((request, response) => {
    note(request);
    forward(request, response);
  });
  server.on('connect', (request: IncomingMessage, socket: Socket) => {
    note(request);
    const [host, port] = (request.url ?? '').split(':');
    const target = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      socket.pipe(target).pipe(socket);
    });
    target.on('error', () => socket.destroy());
    socket.on('error', () => target.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return Object.assign(proxy, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

function forward(request: IncomingMessage, response: ServerResponse): void {
  const target = httpRequest(request.url ?? '', { method: request.method, headers: request.headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  target.on('error', () => response.destroy());
  request.pipe(target);
}
