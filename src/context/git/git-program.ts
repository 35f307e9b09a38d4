import type { ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ContextError, HostError } from '../../core/errors.ts';
import { type GitSource, redactAddresses } from '../../core/git-url.ts';
import { loadBuiltIn } from '../../io/built-ins.ts';
import { environment, homeDir } from '../../io/host.ts';
import { makeFolder } from '../../io/make-folder.ts';
import { killProcessTree } from '../../io/process-tree.ts';
import { findProgram } from '../../io/programs.ts';

/** What a build gives git to get in with. */
export interface GitAccess {
  /** `Authorization` header for http(s) remotes. */
  readonly authorization?: string | undefined;
  /** Socket of an ssh agent. */
  readonly sshAgent?: string | undefined;
}

export interface GitOptions {
  /** For this build alone: configuration and working trees. */
  readonly tempDir: string;
  readonly access: GitAccess;
  /** Nobody is asked: what would have to be is an error. */
  readonly offline: boolean;
  readonly signal?: AbortSignal | undefined;
}

export interface GitCall {
  readonly args: readonly string[];
  /** What is being done, for the message: completes "cannot …". */
  readonly doing: string;
  /** Whether other machines are asked; otherwise only folders of this one. */
  readonly network?: boolean;
}

/** Runs the git of this machine, without anybody's configuration, hooks or prompts. */
export interface Git {
  /**
   * Gives what it wrote to standard output.
   * @throws HostError `HOST_GIT_MISSING`; ContextError `CONTEXT_GIT_FAILED`
   */
  run(call: GitCall): Promise<string>;
}

/** git-config(1): nothing that runs programs, waits for people or works in the background. */
const CONFIGURATION = `[safe]
	directory = *
[core]
	hooksPath = /dev/null
	fsmonitor = false
	autocrlf = false
[init]
	defaultBranch = main
[advice]
	detachedHead = false
[gc]
	auto = 0
[maintenance]
	auto = false
[fetch]
	recurseSubmodules = false
[submodule]
	recurse = false
[pack]
	threads = 1
[http]
	lowSpeedLimit = 1
	lowSpeedTime = 60
`;

const PASSED_ON = [
  ...['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY'],
  ...['GIT_SSL_CAINFO', 'GIT_SSL_CAPATH', 'SSL_CERT_FILE', 'SSL_CERT_DIR', 'TMPDIR'],
];

/** No configuration, no keys but the agent's, no questions: an unknown host is refused. */
const SSH = 'ssh -F /dev/null -o BatchMode=yes -o IdentityFile=none -o ConnectTimeout=15';

const MAX_MESSAGE = 4000;

export function createGit(source: Pick<GitSource, 'remote'>, { tempDir, access, offline, signal }: GitOptions): Git {
  makeFolder(tempDir);
  const configFile = join(tempDir, 'git-config');
  writeFileSync(configFile, CONFIGURATION);
  const common = { ...passedOn(), ...steadyEnvironment(configFile) };
  const remote = { ...common, ...accessEnvironment(source, access), GIT_ALLOW_PROTOCOL: 'https:http:git:ssh' };
  const local = { ...common, GIT_ALLOW_PROTOCOL: 'file' };
  return {
    async run({ args, doing, network = false }) {
      signal?.throwIfAborted();
      if (network && offline) throw isOffline(doing);
      const program = findProgram('git');
      if (program === undefined) throw gitMissing(doing);
      const { exitCode, stdout, stderr } = await execute(program, args, { env: network ? remote : local, signal });
      signal?.throwIfAborted();
      if (exitCode === 0) return stdout;
      throw gitFailed(doing, stderr, exitCode);
    },
  };
}

function passedOn(): Record<string, string> {
  const found = PASSED_ON.flatMap((name) => {
    const value = environment(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(found);
}

function steadyEnvironment(configFile: string): Record<string, string> {
  return {
    PATH: environment('PATH') ?? '/usr/bin:/bin',
    HOME: homeDir(),
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: configFile,
    GIT_ATTR_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: '/bin/false',
    GIT_LFS_SKIP_SMUDGE: '1',
    GIT_SSH_COMMAND: SSH,
  };
}

/**
 * In the environment, where no list of processes shows it, and for the remote's host alone. git would send the header along
 * with what it asks after a redirect, to whatever host that is: with one, none is followed.
 */
function accessEnvironment({ remote }: Pick<GitSource, 'remote'>, access: GitAccess): Record<string, string> {
  const { authorization, sshAgent } = access;
  return {
    ...(sshAgent !== undefined && { SSH_AUTH_SOCK: sshAgent }),
    ...(authorization !== undefined &&
      /^https?:/i.test(remote) && {
        GIT_CONFIG_COUNT: '2',
        GIT_CONFIG_KEY_0: `http.${new URL(remote).origin}/.extraHeader`,
        GIT_CONFIG_VALUE_0: `Authorization: ${authorization}`,
        GIT_CONFIG_KEY_1: 'http.followRedirects',
        GIT_CONFIG_VALUE_1: 'false',
      }),
  };
}

interface Execution {
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal | undefined;
}

interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** In a process group of its own: git leaves the work to other programs, and all must end together. */
function execute(program: string, args: readonly string[], { env, signal }: Execution): Promise<Ended> {
  const { spawn } = loadBuiltIn('node:child_process');
  const child = spawn(program, args, { env, cwd: '/', stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const kill = (): void => killIfRunning(child);
  signal?.addEventListener('abort', kill, { once: true });
  const stdout: Buffer[] = [];
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => {
    stderr = `${stderr}${chunk.toString()}`.slice(-MAX_MESSAGE);
  });
  return new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      resolve({ exitCode: code ?? 128, stdout: Buffer.concat(stdout).toString(), stderr });
    });
  }).finally(() => signal?.removeEventListener('abort', kill));
}

function killIfRunning({ pid, exitCode, signalCode }: ChildProcess): void {
  if (pid !== undefined && exitCode === null && signalCode === null) killProcessTree(pid);
}

function isOffline(doing: string): ContextError {
  return new ContextError('CONTEXT_OFFLINE', `cannot ${doing}: the build is offline`, {
    hint: 'build once without --offline; a commit that is named with all its digits is then found again',
  });
}

function gitMissing(doing: string): HostError {
  return new HostError('HOST_GIT_MISSING', `cannot ${doing}: git is not on the PATH`, {
    hint: 'install git, or fetch the repository before the build and use its directory',
  });
}

const ACCESS_HINT =
  'check the address and the network; private repositories take a token as secret GIT_AUTH_TOKEN, or --ssh';
const REDIRECT_HINT =
  'it redirects, and a token is not sent after that: give the address that it leads to (mostly one that ends in .git)';

function gitFailed(doing: string, stderr: string, exitCode: number): ContextError {
  const lines = redactAddresses(stderr)
    .split('\n')
    .filter((line) => line.trim() !== '');
  // What went wrong comes first; what git makes of it, and advice, follow.
  const why = lines.slice(0, 2).join('; ') || `exit code ${exitCode}`;
  const isRedirected = /returned error: 30[12378]|unable to update url base from redirection/.test(stderr);
  return new ContextError('CONTEXT_GIT_FAILED', `cannot ${doing}: ${why.trim()}`, {
    hint: isRedirected ? REDIRECT_HINT : ACCESS_HINT,
  });
}
