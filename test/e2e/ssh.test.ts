import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openAgentSocket } from '../../src/build/ssh/agent-socket.ts';
import { createProject } from '../support/project.ts';
import { runCli } from '../support/run-cli.ts';
import { tempDir } from '../support/temp-dir.ts';

const registry = process.env.LAMELLA_TEST_REGISTRY ?? '';

function makeKey(...args: readonly string[]): string {
  const path = join(tempDir(), 'key');
  execFileSync('ssh-keygen', ['-q', '-N', '', '-C', 'of the test', ...args, '-f', path]);
  return path;
}

describe('keys of ssh-keygen', () => {
  test.each([
    ['ed25519', ['-t', 'ed25519']],
    ['rsa', ['-t', 'rsa', '-b', '2048']],
    ['ecdsa', ['-t', 'ecdsa', '-b', '256']],
    ['ecdsa 521', ['-t', 'ecdsa', '-b', '521']],
    ['PEM', ['-t', 'rsa', '-b', '2048', '-m', 'PEM']],
  ])('%s: ssh-add lists it and verifies what it signs', async (_, args) => {
    const key = makeKey(...args);
    const socket = await openAgentSocket({ id: 'default', paths: [key] }, join(tempDir(), 'ssh'));
    const program = async (...words: string[]): Promise<string> => {
      const { execFile } = await import('node:child_process');
      return await new Promise((resolve, reject) => {
        const env = { ...process.env, SSH_AUTH_SOCK: socket.path };
        execFile('ssh-add', words, { env }, (error, stdout) => (error === null ? resolve(stdout) : reject(error)));
      });
    };
    try {
      const [type, blob] = readFileSync(`${key}.pub`, 'utf8').split(' ');
      expect(await program('-L')).toContain(`${type} ${blob}`);
      await program('-T', `${key}.pub`);
    } finally {
      socket[Symbol.dispose]();
    }
  });
});

describe('RUN --mount=type=ssh (reference, section 10)', () => {
  const run = 'RUN --mount=type=ssh,mode=0640,uid=7,gid=8';
  const look =
    'stat -c "%F %a %u:%g" "$SSH_AUTH_SOCK" && printf "\\0\\0\\0\\1\\13" | nc local:"$SSH_AUTH_SOCK" | wc -c';

  function build(Dockerfile: string, ...args: string[]) {
    const project = createProject({ Dockerfile });
    return runCli(['build', '--progress', 'plain', '--cache-dir', join(project.out, 'cache'), ...args, project.dir]);
  }

  test('gives a socket of an agent that holds the key, and leaves nothing of it', async () => {
    const key = makeKey('-t', 'ed25519');
    const lines = [`FROM ${registry}/busybox:latest`, `${run} ${look}`, 'RUN test ! -e /run/buildkit'];
    using project = createProject({ Dockerfile: lines.join('\n') });
    const cache = join(project.out, 'cache');
    const result = await runCli([
      'build',
      '--progress',
      'plain',
      '--cache-dir',
      cache,
      '--ssh',
      `default=${key}`,
      project.dir,
    ]);
    expect(result.exitCode, result.stderr).toBe(0);
    expect(result.stderr).toContain('socket 640 7:8');
    expect(readdirSync(join(cache, 'tmp'))).toEqual([]);
  });

  test('is left out without an agent, unless it is required', async () => {
    const optional = await build(`FROM ${registry}/busybox:latest\nRUN --mount=type=ssh test ! -e "$SSH_AUTH_SOCK"\n`);
    expect(optional.exitCode, optional.stderr).toBe(0);
    const required = await build(`FROM ${registry}/busybox:latest\nRUN --mount=type=ssh,required true\n`);
    expect([required.exitCode, required.stderr]).toEqual([1, expect.stringContaining('STEP_SSH_MISSING')]);
  });
});
