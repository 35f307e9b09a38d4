import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';

/** Package files by name, `package.json` included. */
export type PackageFiles = Readonly<Record<string, string>>;

/** An npm registry on loopback with packages made by the test. */
export interface NpmRegistry extends AsyncDisposable {
  readonly url: string;
  /** Subresource integrity of a package's tarball. */
  integrity(name: string): string;
}

export async function startNpmRegistry(packages: Readonly<Record<string, PackageFiles>>): Promise<NpmRegistry> {
  const tarballs = new Map<string, Buffer>();
  for (const [name, files] of Object.entries(packages)) tarballs.set(name, await makeTarball(files));
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '').slice(1);
    const tarball = tarballs.get(path.replace(/\/-\/package\.tgz$/, ''));
    if (tarball === undefined) return void response.writeHead(404).end();
    if (path.endsWith('.tgz')) return void response.writeHead(200, { 'content-length': tarball.length }).end(tarball);
    const manifest = JSON.parse(packages[path]?.['package.json'] ?? '{}');
    const dist = { tarball: `${urlOf(server)}${path}/-/package.tgz`, integrity: integrityOf(tarball) };
    const versions = { [manifest.version]: { ...manifest, dist } };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ name: path, 'dist-tags': { latest: manifest.version }, versions }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: urlOf(server),
    integrity: (name) => integrityOf(tarballs.get(name) ?? Buffer.alloc(0)),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

function integrityOf(tarball: Buffer): string {
  return `sha512-${createHash('sha512').update(tarball).digest('base64')}`;
}

async function makeTarball(files: PackageFiles): Promise<Buffer> {
  const tar = pack();
  for (const [name, text] of Object.entries(files)) tar.entry({ name: `package/${name}`, mtime: new Date(0) }, text);
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  return gzipSync(Buffer.concat(chunks));
}
