import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Tarball } from './npm-packages.ts';

/** How a registry answers a request for a tarball. */
export type TarballAnswer = (response: ServerResponse, tarball: Tarball) => void;

/** A registry on loopback that has tarballs where npm's do, and no metadata: what a lockfile is installed from. */
export interface TarballServer extends AsyncDisposable {
  readonly url: string;
  /** Names of the packages that were asked for, in order. */
  readonly asked: readonly string[];
  /** A test may change it while the server runs. */
  answer: TarballAnswer;
}

/** The tarball as it is. */
export const sendWhole: TarballAnswer = (response, { bytes }) =>
  void response.writeHead(200, { 'content-length': bytes.length }).end(bytes);

export async function startTarballServer(tarballs: readonly Tarball[]): Promise<TarballServer> {
  const asked: string[] = [];
  const http = createServer(({ url = '' }, response) => {
    const [name] = decodeURIComponent(url).slice(1).split('/-/');
    const found = tarballs.find((tarball) => tarball.name === name);
    if (found === undefined) return void response.writeHead(404).end();
    asked.push(found.name);
    server.answer(response, found);
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const server: TarballServer = {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/`,
    asked,
    answer: sendWhole,
    async [Symbol.asyncDispose]() {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
  return server;
}
