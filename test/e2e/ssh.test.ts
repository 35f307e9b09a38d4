import { execFile, execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openAgentSocket } from '../../src/build/ssh/agent-socket.ts';
import { findOrdinaryUser, type OrdinaryUser } from '../support/ordinary-user.ts';
import { createProject } from '../support/project.ts';
import { runCli } from '../support/run-cli.ts';
import { tempDir } from '../support/temp-dir.ts';

const registry = process.env.LAMELLA_TEST_REGISTRY ?? '';

function makeKey(...args: readonly string[]): string {
  const path = join(tempDir(), 'key');
  execFileSync('ssh-keygen', ['-q', '-N', '', '-C', 'of the test', ...args, '-f', path]);
  return path;
}

/** What `ssh-add` says of the agent behind a socket. */
async function sshAdd(socket: string, ...words: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('ssh-add', words, { env: { ...process.env, SSH_AUTH_SOCK: socket } });
  return stdout;
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
    try {
      const [type, blob] = readFileSync(`${key}.pub`, 'utf8').split(' ');
      expect(await sshAdd(socket.path, '-L')).toContain(`${type} ${blob}`);
      await sshAdd(socket.path, '-T', `${key}.pub`);
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

/** An agent of OpenSSH that `user` started, with one key; the path of its socket. */
async function startAgent(user: OrdinaryUser): Promise<string> {
  const folder = tempDir();
  const key = makeKey('-t', 'ed25519');
  for (const path of [folder, key]) chownSync(path, user.uid, user.gid);
  chmodSync(join(key, '..'), 0o755);
  const socket = join(folder, 'agent');
  const [program, ...args] = user.commandLine(['ssh-agent', '-D', '-a', socket]);
  const agent = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void agent.kill());
  await new Promise((resolve) => agent.stdout.once('data', resolve));
  const [add, ...words] = user.commandLine(['ssh-add', '-q', key]);
  execFileSync(add, words, { env: { ...process.env, SSH_AUTH_SOCK: socket } });
  return socket;
}

const other = findOrdinaryUser();
if (other !== undefined) {
  describe('the agent of another user', () => {
    const run = `FROM ${registry}/busybox:latest\nRUN --mount=type=ssh true\n`;

    test.each<[how: string, args: (socket: string) => string[], code: string]>([
      ['SSH_AUTH_SOCK', () => ['--ssh', 'default'], 'OPTION_NO_SSH_AGENT'],
      ['--ssh', (socket) => ['--ssh', `default=${socket}`], 'OPTION_BAD_SSH_KEY'],
    ])('is refused to a user who may not open it, by %s, and nobody connects', async (_, args, code) => {
      const folder = tempDir();
      chmodSync(folder, 0o755);
      const socket = join(folder, 'agent');
      let connections = 0;
      const server = createServer(() => connections++);
      await new Promise<void>((resolve) => server.listen(socket, resolve));
      onTestFinished(() => void server.close());
      chmodSync(socket, 0o600);
      using project = createProject({ Dockerfile: run });
      for (const path of [project.dir, join(project.dir, '..')]) chmodSync(path, 0o755);
      const cache = join(other.home, `cache-${process.pid}`);
      const { exitCode, stderr } = await runCli(['build', '--cache-dir', cache, ...args(socket), project.dir], {
        as: other,
        env: { SSH_AUTH_SOCK: socket },
      });
      expect([exitCode, stderr]).toEqual([2, expect.stringContaining(code)]);
      expect(stderr).toContain('permission denied (EACCES)');
      expect([existsSync(cache), connections]).toEqual([false, 0]);
    });

    test('signs for root, who may open it, by a socket that is not its own', async () => {
      const agent = await startAgent(other);
      const socket = await openAgentSocket({ id: 'default', paths: [agent] }, join(tempDir(), 'ssh'));
      onTestFinished(() => socket[Symbol.dispose]());
      expect(socket.path).not.toBe(agent);
      expect(await sshAdd(socket.path, '-L')).toContain('ssh-ed25519 ');
      await expect(sshAdd(socket.path, '-D')).rejects.toThrow();
      expect(await sshAdd(agent, '-L')).toContain('ssh-ed25519 ');
    });
  });
}
