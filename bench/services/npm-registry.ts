import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

/** The same where it is free, because the address is part of a workload's files. */
const PORT = 4874;

export interface NpmRegistry extends AsyncDisposable {
  readonly address: string;
}

/**
 * A caching proxy of the configured npm registry on the loopback, so that every run gets the same bytes at the same speed
 * and nobody is asked twice.
 */
export async function startNpmRegistry(cache: string, port: number = PORT): Promise<NpmRegistry> {
  const configured = execFileSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8' }).trim();
  const upstream = configured.replace(/\/$/, '');
  const server = createServer((request, response) => {
    answer(request, response, { upstream, cache }).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(502);
      response.end(String(error));
    });
  });
  await listen(server, port).catch(() => listen(server, 0));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
}

interface Proxy {
  readonly upstream: string;
  readonly cache: string;
}

async function answer(request: IncomingMessage, response: ServerResponse, proxy: Proxy): Promise<void> {
  if (request.method !== 'GET') return void response.writeHead(405).end();
  const { url = '/', headers } = request;
  const accept = headers.accept ?? '*/*';
  const file = join(
    proxy.cache,
    createHash('sha256')
      .update(JSON.stringify([url, accept]))
      .digest('hex'),
  );
  if (!existsSync(file)) {
    const status = await download(`${proxy.upstream}${url}`, accept, file);
    if (status !== 200) return void response.writeHead(status).end();
  }
  const type = url.endsWith('.tgz') ? 'application/octet-stream' : 'application/json';
  response.writeHead(200, { 'content-type': type, 'content-length': statSync(file).size });
  createReadStream(file).pipe(response);
}

async function download(url: string, accept: string, file: string): Promise<number> {
  const answered = await fetch(url, { headers: { accept } });
  if (!answered.ok) return answered.status;
  const partial = `${file}.${process.hrtime.bigint()}`;
  writeFileSync(partial, new Uint8Array(await answered.arrayBuffer()));
  renameSync(partial, file);
  return 200;
}
