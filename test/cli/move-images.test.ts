import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { main } from '../../src/cli/main.ts';
import * as lamella from '../../src/index.ts';
import { hostArchitecture } from '../../src/io/host.ts';
import { basicGuard } from '../support/registry/auth.ts';
import { startRegistry, type TestRegistry } from '../support/registry/server.ts';
import { tempDir } from '../support/temp-dir.ts';
import { fakeHost } from './support/fake-host.ts';

const HOST = `linux/${hostArchitecture()}`;
const OTHER = HOST === 'linux/s390x' ? 'linux/arm64' : 'linux/s390x';
const USER = { username: 'ann', password: 'pass:word' };

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Machine {
  readonly registry: TestRegistry;
  readonly name: string;
  readonly dir: string;
  /** Runs a command on a cache folder of its own; of a failure, its message is thrown. */
  readonly run: (...argv: readonly string[]) => Promise<string>;
  readonly attempt: (argv: readonly string[], stdin?: string) => Promise<Outcome>;
}

/** A registry with nothing in it, and a local store that has an index of two platforms under a name of it. */
async function setup(): Promise<Machine> {
  const registry = await startRegistry();
  const dir = tempDir();
  const cacheDir = join(dir, 'cache');
  const name = `${registry.host}/team/app:1`;
  const context = tempDir({ Dockerfile: 'FROM scratch\nCOPY a /\n', a: 'a' });
  await lamella.build({ context, cacheDir, tags: [name], platforms: [HOST, OTHER] });
  const attempt = async (argv: readonly string[], stdin = ''): Promise<Outcome> => {
    const host = fakeHost({ library: lamella, stdin });
    const code = await main([...argv], host);
    return { code, ...host.written };
  };
  const run = async (...argv: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await attempt([...argv, '--cache-dir', cacheDir]);
    if (code !== 0) throw new Error(stderr);
    return stdout.trim();
  };
  return { registry, name, dir, run, attempt };
}

beforeEach(() => void vi.stubEnv('REGISTRY_AUTH_FILE', join(tempDir(), 'auth.json')));
afterEach(() => void vi.unstubAllEnvs());

describe('an image of the local store', () => {
  test('is pushed whole, and pulled again: for this machine, whole, or for the platform that was asked for', async () => {
    const { name, run } = await setup();
    const pushed = await run('push', '-q', name);
    const index = JSON.parse(await run('inspect', '--raw', `docker://${name}`));
    expect(await run('rm', name)).toBe(name);
    const own = await run('pull', '-q', name);
    expect(own).toBe(index.manifests[0].digest);
    expect(await run('pull', '-q', '--all-platforms', name)).toBe(pushed);
    expect(await run('pull', '-q', '--platform', OTHER, name)).toBe(index.manifests[1].digest);
    expect(JSON.parse(await run('images', '--json'))).toMatchObject([{ name, platform: OTHER }]);
    expect(JSON.parse(await run('inspect', '--config', name))).toMatchObject({ architecture: OTHER.split('/')[1] });
  });

  test('gets one more name, here and in the registry, and goes under it to another place', async () => {
    const { name, registry, dir, run } = await setup();
    const pushed = await run('push', '-q', name);
    await run('tag', name, 'other:2');
    await run('tag', `docker://${name}`, `docker://${registry.host}/team/app:stable`);
    for (const place of ['store:other:2', `docker://${registry.host}/team/app:stable`]) {
      expect(JSON.parse(await run('inspect', place))).toMatchObject({
        descriptor: { digest: pushed },
        platforms: [HOST, OTHER],
      });
    }
    expect(await run('push', '-q', 'other:2', `oci:${join(dir, 'layout')}:x`)).toBe(pushed);
    expect(readFileSync(join(dir, 'layout/index.json'), 'utf8')).toContain(pushed);
  });

  test('is copied whole or by platform, from registry to archive and layout', async () => {
    const { name, dir, run } = await setup();
    const pushed = await run('push', '-q', name);
    expect(await run('copy', '-q', name, `oci-archive:${join(dir, 'a.tar')}`)).toBe(pushed);
    const part = await run(
      'copy',
      '-q',
      '--platform',
      HOST,
      `oci-archive:${join(dir, 'a.tar')}`,
      `oci:${join(dir, 'l')}:1`,
    );
    expect(JSON.parse(await run('inspect', `oci:${join(dir, 'l')}:1`))).toMatchObject({
      descriptor: { digest: part },
      platforms: [HOST],
    });
  });
});

describe('what cannot be done', () => {
  test.each([
    [['pull', '--platform', 'linux/mips'], `it has: ${HOST}, ${OTHER}`],
    [['inspect', '--config'], `choose one with --platform: ${HOST}, ${OTHER}`],
  ])('%j says which platforms there are', async (argv, said) => {
    const { name, run } = await setup();
    await run('push', '-q', name);
    await expect(run(...argv, name)).rejects.toThrow(said);
  });

  test('is said of a name that is nowhere', async () => {
    const { registry, run } = await setup();
    await expect(run('push', 'nope')).rejects.toThrow('CONTENT_IMAGE_NOT_FOUND');
    await expect(run('pull', `${registry.host}/nope`)).rejects.toThrow('REGISTRY_NOT_FOUND');
    await expect(run('copy', 'a')).rejects.toThrow('OPTION_MISSING_ARGUMENT');
  });
});

describe('login', () => {
  test('lets the other commands in until logout', async () => {
    const { name, registry, run, attempt } = await setup();
    registry.guard = basicGuard(USER);
    await expect(run('push', name)).rejects.toThrow('REGISTRY_UNAUTHORIZED');
    const login = ['login', '-u', USER.username, '--password-stdin', registry.host];
    expect(await attempt(login, `${USER.password}\n`)).toMatchObject({ code: 0, stdout: '' });
    await run('push', name);
    expect(await attempt(['logout', registry.host])).toMatchObject({ code: 0 });
    await expect(run('pull', name)).rejects.toThrow('REGISTRY_UNAUTHORIZED');
  });

  test('keeps and shows nothing of a password that is refused', async () => {
    const { registry, attempt } = await setup();
    registry.guard = basicGuard(USER);
    const { code, stderr } = await attempt(['login', '-u', 'ann', '--password-stdin', registry.host], 'wrong-one');
    expect(code).not.toBe(0);
    expect(stderr).toContain('REGISTRY_UNAUTHORIZED');
    expect(stderr).not.toContain('wrong-one');
  });
});
