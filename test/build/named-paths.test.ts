import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { findUnchanged } from '../../src/build/unchanged/find-unchanged.ts';
import { type BuildOptions, build } from '../../src/index.ts';
import { tempDir } from '../support/temp-dir.ts';

const DOCKERFILE = 'FROM scratch\nCOPY Dockerfile /\n';

/** Options of a build that uses nothing of what they name. */
function createSite(more: (folder: string) => BuildOptions): BuildOptions {
  const folder = tempDir({ 'app/Dockerfile': DOCKERFILE, file: 'x', 'folder/': '', 'layout/oci-layout': '{}' });
  return { context: join(folder, 'app'), cacheDir: join(folder, 'cache'), ...more(folder) };
}

describe('what an option names, and no step uses', () => {
  test.each<[what: string, code: string, more: (folder: string) => BuildOptions]>([
    ['a secret', 'OPTION_BAD_SECRET', (in_) => ({ secrets: [{ id: 'x', file: join(in_, 'missing') }] })],
    ['a secret below a file', 'OPTION_BAD_SECRET', (in_) => ({ secrets: [{ id: 'x', file: join(in_, 'file/y') }] })],
    [
      'a secret that is a folder',
      'OPTION_BAD_SECRET',
      (in_) => ({ secrets: [{ id: 'x', file: join(in_, 'folder') }] }),
    ],
    ['a key', 'OPTION_BAD_SSH_KEY', (in_) => ({ ssh: [{ id: 'x', paths: [join(in_, 'missing')] }] })],
    [
      'the second key',
      'OPTION_BAD_SSH_KEY',
      (in_) => ({ ssh: [{ id: 'x', paths: ['file', 'y'].map((n) => join(in_, n)) }] }),
    ],
    ['a key that is none', 'OPTION_BAD_SSH_KEY', (in_) => ({ ssh: [{ id: 'x', paths: [join(in_, 'file')] }] })],
    ['a folder', 'CONTEXT_NOT_FOUND', (in_) => ({ buildContexts: { x: join(in_, 'missing') } })],
    ['a folder that is a file', 'CONTEXT_NOT_FOUND', (in_) => ({ buildContexts: { x: join(in_, 'file') } })],
    [
      'that of another platform',
      'CONTEXT_NOT_FOUND',
      (in_) => ({ buildContexts: { 'x::linux/s390x': join(in_, 'y') } }),
    ],
    [
      'a layout',
      'CONTENT_NOT_A_LAYOUT',
      (in_) => ({ buildContexts: { x: `oci-layout://${join(in_, 'folder')}:tag` } }),
    ],
  ])('is refused before anything is done when it is missing: %s', async (_, code, more) => {
    const options = createSite(more);
    await expect(build(options)).rejects.toMatchObject({ code, hint: expect.any(String) });
    expect(existsSync(options.cacheDir ?? '')).toBe(false);
  });

  test.each(['', '/nowhere/agent', '/'])('is refused when it is the agent of SSH_AUTH_SOCK=%s', async (path) => {
    vi.stubEnv('SSH_AUTH_SOCK', path);
    const options = createSite(() => ({ ssh: [{ id: 'default' }] }));
    await expect(build(options)).rejects.toMatchObject({
      code: 'OPTION_NO_SSH_AGENT',
      message: expect.stringContaining(path),
    });
    vi.unstubAllEnvs();
  });

  test('may be what is there, or what lies on no path of this machine', async () => {
    const options = createSite((folder) => ({
      secrets: [
        { id: 'a', file: join(folder, 'file') },
        { id: 'b', env: 'NOT_SET_ANYWHERE' },
        { id: 'c', file: '/dev/null' },
      ],
      buildContexts: {
        folder: join(folder, 'folder'),
        layout: `oci-layout://${join(folder, 'layout')}@sha256:${'0'.repeat(64)}`,
        image: 'docker-image://r.example/x',
        target: 'target:x',
        git: 'https://h.example/x.git',
      },
    }));
    await expect(build(options)).resolves.toMatchObject({ executed: 1 });
  });

  test('is missed also by a build that has nothing to do', async () => {
    const options = createSite((folder) => ({ buildContexts: { x: join(folder, 'folder') } }));
    await build(options);
    rmSync(options.buildContexts?.x ?? '', { recursive: true });
    expect(await findUnchanged(options)).toBeUndefined();
    await expect(build(options)).rejects.toMatchObject({ code: 'CONTEXT_NOT_FOUND' });
  });
});
