import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Guard } from './auth.ts';
import { createContent, type RegistryContent, sha256 } from './content.ts';
import type { Fault } from './faults.ts';

export interface TestRegistry extends RegistryContent {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  /** Every request, in order. */
  readonly requests: readonly SeenRequest[];
  readonly faults: Fault[];
  guard: Guard | undefined;
  /** Blobs are handed out by another server, to which GET redirects. */
  blobServer: TestRegistry | undefined;
  /** Answers HEAD of manifests without the headers that describe them, as some registries do. */
  bareHead: boolean;
  ignoresRanges: boolean;
  /** What uploads under way have received, by repository. */
  readonly uploads: Map<string, Buffer>;
}

export interface SeenRequest {
  readonly line: string;
  readonly authorization: string | undefined;
  readonly range: string | undefined;
  /** What part of a blob the request carries. */
  readonly contentRange: string | undefined;
}

/** A registry in this process on a loopback port, by the distribution specification; closed when the test ends. */
export async function startRegistry(): Promise<TestRegistry> {
  const requests: SeenRequest[] = [];
  const server = createServer((request, response) => {
    const { authorization, range } = request.headers;
    const contentRange = request.headers['content-range'];
    requests.push({ line: `${request.method} ${request.url}`, authorization, range, contentRange });
    handle(registry, request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  const host = `127.0.0.1:${await listen(server)}`;
  const registry: TestRegistry = {
    ...createContent(),
    host,
    requests,
    faults: [],
    guard: undefined,
    blobServer: undefined,
    bareHead: false,
    ignoresRanges: false,
    uploads: new Map(),
  };
  onTestFinished(() => stop(server));
  return registry;
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

const ROUTE = /^\/v2\/(?<name>.+?)\/(?<kind>manifests|blobs)\/(?<what>.*)$/;

async function handle(registry: TestRegistry, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (registry.faults.some((fault) => fault(request, response))) return;
  if (registry.guard !== undefined && !registry.guard(request, response)) return;
  const url = new URL(request.url ?? '/', `http://${registry.host}`);
  if (url.pathname === '/v2/') return void response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  const [, repository] = /^\/v2\/(.+)\/tags\/list$/.exec(url.pathname) ?? [];
  if (repository !== undefined) return listTags(registry, { repository, url, response });
  const { name = '', kind, what = '' } = ROUTE.exec(url.pathname)?.groups ?? {};
  if (kind === 'manifests') return handleManifest(registry, { name, what, request, response });
  if (kind === 'blobs' && what.startsWith('uploads/'))
    return handleUpload(registry, { name, what, request, response }, url);
  if (kind === 'blobs') return handleBlob(registry, { name, what, request, response });
  refuse(response, 404, 'NOT_FOUND');
}

/** Two tags a page, so that more than one is asked for. */
function listTags(
  { manifests }: TestRegistry,
  { repository, url, response }: { readonly repository: string; readonly url: URL; readonly response: ServerResponse },
): void {
  const names = [...manifests.keys()].filter((key) => key.startsWith(`${repository}:`) && !key.includes(':sha256:'));
  const last = url.searchParams.get('last') ?? '';
  const tags = names
    .map((key) => key.slice(repository.length + 1))
    .sort()
    .filter((tag) => tag > last);
  const page = tags.slice(0, 2);
  const next =
    page.length < tags.length ? { link: `</v2/${repository}/tags/list?n=2&last=${page.at(-1)}>; rel="next"` } : {};
  response.writeHead(200, { 'content-type': 'application/json', ...next });
  response.end(JSON.stringify({ name: repository, tags: page }));
}

interface Call {
  readonly name: string;
  readonly what: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

async function handleManifest(registry: TestRegistry, { name, what, request, response }: Call): Promise<void> {
  if (request.method === 'PUT') {
    const bytes = await readBody(request);
    const digest = registry.putManifest(name, what, request.headers['content-type'] ?? '', bytes);
    response.writeHead(201, { 'docker-content-digest': digest }).end();
    return;
  }
  if (request.method === 'DELETE') {
    for (const [key, { bytes }] of registry.manifests) if (sha256(bytes) === what) registry.manifests.delete(key);
    return void response.writeHead(202).end();
  }
  const manifest = registry.manifests.get(`${name}:${what}`);
  if (manifest === undefined) return refuse(response, 404, 'MANIFEST_UNKNOWN');
  if (request.method === 'HEAD' && registry.bareHead) return void response.writeHead(200).end();
  response.writeHead(200, {
    'content-type': manifest.mediaType,
    'content-length': String(manifest.bytes.length),
    'docker-content-digest': what.startsWith('sha256:') ? what : sha256(manifest.bytes),
  });
  response.end(request.method === 'HEAD' ? undefined : manifest.bytes);
}

async function handleBlob(registry: TestRegistry, { name, what, request, response }: Call): Promise<void> {
  const blob = registry.blobs.get(`${name}@${what}`);
  if (blob === undefined) return refuse(response, 404, 'BLOB_UNKNOWN');
  if (request.method === 'GET' && registry.blobServer !== undefined) {
    const location = `http://${registry.blobServer.host}${request.url}?signature=secret`;
    return void response.writeHead(307, { location }).end();
  }
  const from = registry.ignoresRanges ? 0 : Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const part = blob.subarray(from);
  response.writeHead(from > 0 ? 206 : 200, {
    'content-length': String(part.length),
    ...(from > 0 && { 'content-range': `bytes ${from}-${blob.length - 1}/${blob.length}` }),
  });
  response.end(request.method === 'HEAD' ? undefined : part);
}

async function handleUpload(registry: TestRegistry, { name, request, response }: Call, url: URL): Promise<void> {
  if (request.method === 'POST') {
    const mount = url.searchParams.get('mount');
    const source = registry.blobs.get(`${url.searchParams.get('from')}@${mount}`);
    if (source !== undefined) {
      registry.putBlob(name, source);
      return void response.writeHead(201).end();
    }
    registry.uploads.delete(name);
    return void response.writeHead(202, { location: `/v2/${name}/blobs/uploads/1?_state=a%2Bb=` }).end();
  }
  if (url.searchParams.get('_state') !== 'a+b=') return refuse(response, 400, 'BLOB_UPLOAD_INVALID');
  const before = registry.uploads.get(name) ?? Buffer.alloc(0);
  const location = `${url.pathname}?_state=a%2Bb=`;
  const range = (bytes: Buffer): string => `0-${Math.max(bytes.length - 1, 0)}`;
  if (request.method === 'GET') return void response.writeHead(204, { location, range: range(before) }).end();
  const bytes = Buffer.concat([before, await readBody(request)]);
  if (request.method === 'PATCH') {
    if (Number(request.headers['content-range']?.split('-')[0]) !== before.length)
      return refuse(response, 416, 'RANGE');
    registry.uploads.set(name, bytes);
    return void response.writeHead(202, { location, range: range(bytes) }).end();
  }
  registry.uploads.delete(name);
  if (sha256(bytes) !== url.searchParams.get('digest')) return refuse(response, 400, 'DIGEST_INVALID');
  registry.putBlob(name, bytes);
  response.writeHead(201).end();
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ errors: [{ code, message: code.toLowerCase().replaceAll('_', ' ') }] }));
}
