import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomUUID, sign } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { run } from '../support/host.ts';

export const USER = 'ann';
export const PASSWORD = 'pass word:1';

export interface GuardedRegistry extends AsyncDisposable {
  /** `localhost:PORT`, for which the certificate is. */
  readonly host: string;
  readonly dir: string;
  /** Of the private certificate authority. */
  readonly caFile: string;
}

export interface GuardedOptions {
  readonly auth?: 'htpasswd' | 'token';
  readonly tls?: boolean;
  /** Wants a certificate of clients, made by the same authority: `client.cert` and `client.key` in `dir`. */
  readonly clientCertificates?: boolean;
  /** Whether manifests may be taken away. Default true. */
  readonly canDelete?: boolean;
  /** Seconds that tokens live. */
  readonly tokenLife?: number;
}

/** Debian's registry on a loopback port of its own, guarded as asked. */
export async function startGuardedRegistry(options: GuardedOptions): Promise<GuardedRegistry> {
  const dir = mkdtempSync(join(tmpdir(), 'lamella-registry-'));
  await makeCertificates(dir);
  const port = await freePort();
  const tokens = options.auth === 'token' ? await startTokenServer(dir, options.tokenLife ?? 300) : undefined;
  if (options.auth === 'htpasswd') {
    writeFileSync(join(dir, 'htpasswd'), await run('htpasswd', '-Bbn', USER, PASSWORD));
  }
  writeFileSync(join(dir, 'config.yml'), configOf({ ...options, dir, port, realm: tokens?.realm }));
  const child = spawn('docker-registry', ['serve', join(dir, 'config.yml')], { stdio: 'ignore' });
  await waitForPort(port, child);
  return {
    host: `localhost:${port}`,
    dir,
    caFile: join(dir, 'ca.pem'),
    async [Symbol.asyncDispose]() {
      const exited = once(child, 'exit');
      child.kill();
      await exited;
      await tokens?.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

interface Config extends GuardedOptions {
  readonly dir: string;
  readonly port: number;
  readonly realm: string | undefined;
}

function configOf({ auth, tls = false, dir, port, realm, ...options }: Config): string {
  const { clientCertificates = false, canDelete = true } = options;
  const clients = clientCertificates ? `\n    clientcas: ["${dir}/ca.pem"]` : '';
  const guards = {
    none: '',
    htpasswd: `auth:\n  htpasswd: { realm: test, path: ${dir}/htpasswd }\n`,
    token: `auth:\n  token: { realm: "${realm}", service: test, issuer: lamella-test, rootcertbundle: ${dir}/server.pem }\n`,
  };
  return `version: 0.1
log: { level: error }
storage: { filesystem: { rootdirectory: ${dir}/data }, delete: { enabled: ${canDelete} } }
http:
  addr: 127.0.0.1:${port}
  secret: test
${tls ? `  tls:\n    certificate: ${dir}/server.pem\n    key: ${dir}/server.key${clients}\n` : ''}${guards[auth ?? 'none']}`;
}

async function makeCertificates(dir: string): Promise<void> {
  const at = (name: string): string => join(dir, name);
  const rsa = ['-newkey', 'rsa:2048', '-nodes', '-sha256', '-days', '2'];
  await run(
    'openssl',
    'req',
    '-x509',
    ...rsa,
    '-subj',
    '/CN=test authority',
    '-keyout',
    at('ca.key'),
    '-out',
    at('ca.pem'),
  );
  writeFileSync(at('names.cnf'), 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:0.0.0.0\n');
  for (const [name, subject, end] of [
    ['server', 'localhost', 'pem'],
    ['client', 'ann', 'cert'],
  ]) {
    await run(
      'openssl',
      'req',
      ...rsa,
      '-subj',
      `/CN=${subject}`,
      '-keyout',
      at(`${name}.key`),
      '-out',
      at(`${name}.csr`),
    );
    const signing = ['-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial', '-days', '2', '-sha256'];
    const files = ['-in', at(`${name}.csr`), '-out', at(`${name}.${end}`), '-extfile', at('names.cnf')];
    await run('openssl', 'x509', '-req', ...signing, ...files);
  }
}

interface TokenServer {
  readonly realm: string;
  close(): Promise<void>;
}

/** Gives signed tokens (distribution's JWT form): anyone may pull, the user may push. */
async function startTokenServer(dir: string, life: number): Promise<TokenServer> {
  const key = readFileSync(join(dir, 'server.key'), 'utf8');
  const x5c = [readFileSync(join(dir, 'server.pem'), 'utf8').replaceAll(/-----.*?-----|\s/g, '')];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const known = request.headers.authorization === `Basic ${Buffer.from(`${USER}:${PASSWORD}`).toString('base64')}`;
    if (request.headers.authorization !== undefined && !known) return void response.writeHead(401).end();
    const access = url.searchParams.getAll('scope').map((scope) => toAccess(scope, known));
    const token = toJwt({ key, x5c, life, claims: { sub: known ? USER : '', aud: 'test', access } });
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ token, expires_in: life }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    realm: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function toAccess(scope: string, known: boolean): object {
  const [type, name, actions = ''] = scope.split(':');
  return { type, name, actions: actions.split(',').filter((action) => known || action === 'pull') };
}

function toJwt(parts: { key: string; x5c: string[]; life: number; claims: object }): string {
  const now = Math.floor(Date.now() / 1000);
  const kid = createHash('sha256').update(parts.key).digest('hex');
  const times = { iat: now, nbf: now - 10, exp: now + parts.life, jti: randomUUID() };
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const head = encode({ typ: 'JWT', alg: 'RS256', x5c: parts.x5c, kid });
  const body = encode({ iss: 'lamella-test', ...times, ...parts.claims });
  return `${head}.${body}.${sign('RSA-SHA256', Buffer.from(`${head}.${body}`), parts.key).toString('base64url')}`;
}

async function freePort(): Promise<number> {
  const server = createTcpServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function waitForPort(port: number, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (child.exitCode !== null) throw new Error(`docker-registry ended with exit code ${child.exitCode}`);
    const answers = await run('bash', '-c', `: </dev/tcp/127.0.0.1/${port}`).then(
      () => true,
      () => false,
    );
    if (answers) return;
    await delay(50);
  }
  throw new Error('docker-registry does not listen');
}
