import { chmodSync, copyFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { login, logout } from '../../src/index.ts';
import { pushImage } from '../../src/oci/push.ts';
import type { RegistryClientOptions } from '../../src/oci/registry/client.ts';
import { normalizeReference } from '../../src/oci/registry/docker-hub.ts';
import { resolveImage } from '../../src/oci/registry/source.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { requireTool, run } from '../support/host.ts';
import { makeImage } from '../support/images.ts';
import { failure, testClient } from '../support/registry/client.ts';
import { startProxy } from '../support/registry/proxy.ts';
import { type CliResult, runCli } from '../support/run-cli.ts';
import { tempDir } from '../support/temp-dir.ts';
import { type GuardedOptions, type GuardedRegistry, PASSWORD, startGuardedRegistry, USER } from './guarded-registry.ts';

const ready =
  requireTool('docker-registry') && requireTool('openssl', ['version']) && requireTool('htpasswd', ['-nbB', 'a', 'b']);
/** Loopback is spoken to in plain HTTP; this address is this machine too, but is not loopback. */
const TLS_NAME = '0.0.0.0';
const LOGIN = { username: USER, password: PASSWORD };

function guarded(name: string, options: GuardedOptions, tests: (registry: () => GuardedRegistry) => void): void {
  describe.runIf(ready)(name, () => {
    let registry: GuardedRegistry | undefined;
    beforeAll(async () => {
      registry = await startGuardedRegistry(options);
    });
    afterAll(() => registry?.[Symbol.asyncDispose]());
    tests(() => registry ?? expect.unreachable('the registry did not start'));
  });
}

/** Pushes an image and reads it again. */
async function roundTrip(host: string, options: RegistryClientOptions): Promise<boolean> {
  const store = createMemoryStore();
  const image = await makeImage(store);
  const reference = normalizeReference(`${host}/team/app:1`);
  const client = testClient(options);
  await pushImage(client, reference, { image, reader: store });
  const platform = { os: 'linux', architecture: 'amd64' };
  const pulled = await resolveImage(client, reference, { platform, store: createMemoryStore() });
  return pulled.descriptor.digest === image.descriptor.digest;
}

function configFile(content: object = {}): string {
  const path = join(tempDir(), 'config.json');
  writeFileSync(path, JSON.stringify(content));
  return path;
}

guarded('a registry with htpasswd', { auth: 'htpasswd' }, (registry) => {
  it('takes the user that login has kept, and nobody after logout', async () => {
    const { host } = registry();
    const file = configFile({ auths: { 'other.example': { auth: 'eDp5' } }, HttpHeaders: { x: 'y' } });
    const options = { registry: { configFile: file } };
    expect(await login(host, LOGIN, options)).toEqual({ registry: host, file });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(await roundTrip(host, { configFile: file })).toBe(true);
    await logout(host, options);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
      auths: { 'other.example': { auth: 'eDp5' } },
      HttpHeaders: { x: 'y' },
    });
    expect(await failure(roundTrip(host, { configFile: file }))).toMatchObject({ code: 'REGISTRY_UNAUTHORIZED' });
  });

  it('refuses another password, which is then kept nowhere', async () => {
    const file = configFile();
    const attempt = login(registry().host, { username: USER, password: 'wrong' }, { registry: { configFile: file } });
    expect(await failure(attempt)).toMatchObject({ code: 'REGISTRY_UNAUTHORIZED' });
    expect(readFileSync(file, 'utf8')).toBe('{}');
  });

  it('takes the user of a credential helper, who stands in no file', async () => {
    const { host } = registry();
    const dir = tempDir();
    const program = join(dir, 'docker-credential-lamellatest');
    writeFileSync(program, HELPER.replaceAll('@DIR@', dir));
    chmodSync(program, 0o755);
    const path = process.env.PATH;
    process.env.PATH = `${dir}:${path}`;
    try {
      const file = configFile({ credHelpers: { [host]: 'lamellatest' } });
      expect(await failure(roundTrip(host, { configFile: file }))).toMatchObject({ code: 'REGISTRY_UNAUTHORIZED' });
      expect(await login(host, LOGIN, { registry: { configFile: file } })).toMatchObject({ helper: 'lamellatest' });
      expect(readFileSync(file, 'utf8')).not.toContain('"auth"');
      expect(await roundTrip(host, { configFile: file })).toBe(true);
    } finally {
      process.env.PATH = path;
    }
  });

  it.runIf(requireTool('skopeo'))('takes skopeo with the file that lamella wrote', async () => {
    const { host } = registry();
    const file = configFile();
    await login(host, LOGIN, { registry: { configFile: file } });
    await roundTrip(host, { configFile: file });
    await run('skopeo', 'inspect', '--authfile', file, '--tls-verify=false', `docker://${host}/team/app:1`);
  });
});

/** Keeps one entry in a file; prints what docker's helpers print. */
const HELPER = `#!/bin/sh
case $1 in
  store) cat > @DIR@/entry ;;
  get) if [ -e @DIR@/entry ]; then cat @DIR@/entry; else echo 'credentials not found in native keychain'; exit 1; fi ;;
  erase) rm -f @DIR@/entry ;;
esac
`;

guarded('a registry with a private certificate authority', { tls: true }, (registry) => {
  it('is trusted when the authority is named, by option or by folder', async () => {
    const host = registry().host.replace('localhost', TLS_NAME);
    expect(await roundTrip(host, { caFile: registry().caFile })).toBe(true);
    const certs = tempDir();
    mkdirSync(join(certs, host));
    copyFileSync(registry().caFile, join(certs, host, 'ca.crt'));
    expect(await roundTrip(host, { certificateDirs: [certs] })).toBe(true);
  });

  it('is reached through the tunnel of a proxy', async () => {
    const host = registry().host.replace('localhost', TLS_NAME);
    const proxy = await startProxy();
    vi.stubEnv('HTTPS_PROXY', proxy.url);
    try {
      expect(await roundTrip(host, { caFile: registry().caFile })).toBe(true);
    } finally {
      vi.unstubAllEnvs();
    }
    expect(new Set(proxy.requests)).toEqual(new Set([`CONNECT ${host}`]));
  });

  it('is not trusted otherwise, with a hint', async () => {
    const host = registry().host.replace('localhost', TLS_NAME);
    expect(await failure(roundTrip(host, { certificateDirs: [] }))).toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      hint: expect.stringContaining('--registry-ca'),
    });
  });
});

const CLIENTS = { tls: true, clientCertificates: true, auth: 'htpasswd' } as const;
guarded('a registry that wants client certificates', CLIENTS, (registry) => {
  it('takes the one in the folder of its name', async () => {
    const { host: local, dir, caFile } = registry();
    const host = local.replace('localhost', TLS_NAME);
    const certs = tempDir();
    mkdirSync(join(certs, host));
    for (const name of ['client.cert', 'client.key']) copyFileSync(join(dir, name), join(certs, host, name));
    const credentials = { [host]: LOGIN };
    expect(await roundTrip(host, { caFile, certificateDirs: [certs], credentials })).toBe(true);
    expect(await failure(roundTrip(host, { caFile, certificateDirs: [], credentials }))).toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
    });
  });
});

/** A machine of its own: another cache folder, another process. */
async function machine(context: string, words: readonly string[], env = {}): Promise<CliResult> {
  return await runCli(['build', '-q', '--cache-dir', join(tempDir(), 'cache'), ...words, context], { env });
}

guarded('a shared cache in a registry with a token server', { auth: 'token' }, (registry) => {
  const FILES = {
    Dockerfile: `FROM scratch AS one
COPY a.txt /one/
WORKDIR /one/w
FROM scratch
COPY --from=one /one /two
COPY b.txt /
`,
    'a.txt': 'a'.repeat(300_000),
    'b.txt': 'b',
  };

  it('is written and read by two processes that build at once, and pruned', async () => {
    const { host } = registry();
    const ref = `${host}/team/cache`;
    const auth = Buffer.from(`${USER}:${PASSWORD}`).toString('base64');
    const env = { REGISTRY_AUTH_FILE: configFile({ auths: { [host]: { auth } } }) };
    const context = tempDir(FILES);
    const words = ['--cache-from', ref, '--cache-to', `type=registry,ref=${ref},mode=max,ignore-error=false`];
    const both = await Promise.all([machine(context, words, env), machine(context, words, env)]);
    for (const { exitCode, stderr } of both) expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(new Set(both.map(({ stdout }) => stdout)).size).toBe(1);
    const third = [
      'build',
      '--progress',
      'json',
      '--cache-dir',
      join(tempDir(), 'cache'),
      '--cache-from',
      ref,
      context,
    ];
    const { stderr } = await runCli(third, { env });
    const types = stderr.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line).type]));
    expect(types.filter((type) => type === 'step-cached')).toHaveLength(4);
    expect(types).not.toContain('layer-written');
    const prune = async (...limits: string[]) =>
      JSON.parse((await runCli(['cache', 'prune', '--remote', ref, '--json', ...limits], { env })).stdout);
    expect(await prune('--max-steps', '1')).toMatchObject({ steps: 1 });
    expect(await prune()).toMatchObject({ steps: 1, removed: [] });
  });
});

guarded('a shared cache in a registry that lets nobody delete', { canDelete: false }, (registry) => {
  it('cannot be pruned, which is said with a way out', async () => {
    const ref = `${registry().host}/team/cache`;
    const context = tempDir({ Dockerfile: 'FROM scratch\nCOPY a /\n', a: 'a' });
    await machine(context, ['--cache-to', `type=registry,ref=${ref}`]);
    const { exitCode, stderr } = await runCli(['cache', 'prune', '--remote', ref, '--all']);
    expect(exitCode).toBe(6);
    for (const part of ['lets nobody delete', 'storage.delete.enabled', 'REGISTRY_DELETE_REFUSED']) {
      expect(stderr).toContain(part);
    }
  });
});

guarded('a registry with a token server', { auth: 'token', tokenLife: 30 }, (registry) => {
  it('lets the user push and everybody pull', async () => {
    const { host } = registry();
    expect(await roundTrip(host, { credentials: { [host]: LOGIN } })).toBe(true);
    const reference = normalizeReference(`${host}/team/app:1`);
    expect(await testClient().resolve(reference)).toMatchObject({ digest: expect.any(String) });
    expect(await failure(roundTrip(host, {}))).toMatchObject({ code: 'REGISTRY_UNAUTHORIZED' });
  });

  it('gives new tokens before the old ones end', async () => {
    const { host } = registry();
    let passed = 0;
    const options = { credentials: { [host]: LOGIN }, now: () => Date.now() + passed };
    expect(await roundTrip(host, options)).toBe(true);
    passed = 3_600_000;
    expect(await roundTrip(host, options)).toBe(true);
  });
});
