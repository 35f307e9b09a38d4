import { type ChildProcess, type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ociLayout } from '../../src/index.ts';
import { createBuilder } from '../support/build.ts';
import { TEST_REGISTRY } from '../support/host.ts';
import { readImageTree } from '../support/image-tree.ts';
import { REPOSITORY } from '../support/repository-files.ts';
import { tempDir } from '../support/temp-dir.ts';
import { ARM64_HANDLER, kernelEmulatesArm64 } from './arm64-machine.ts';

/** The official Node image has this user; those of the test host have not. */
function accountsOn(base: string): Readonly<Record<string, string>> {
  return {
    passwd: 'root:x:0:0::/root:/bin/sh\nnode:x:1000:1000::/home/node:/bin/sh\n',
    group: 'root:x:0:\nnode:x:1000:\n',
    Dockerfile: `FROM ${TEST_REGISTRY}/${base}\nCOPY passwd group /etc/\n`,
  };
}

/** The example as it is in the repository, built without a Dockerfile into a layout. */
async function buildExample(base: string, platform?: string): Promise<string> {
  const context = join(tempDir(), 'app');
  cpSync(join(REPOSITORY, 'examples/fastify-app'), context, { recursive: true });
  const layout = join(tempDir(), 'image');
  const builder = createBuilder();
  const target = platform === undefined ? {} : { platform };
  await builder.build({ files: accountsOn(base), tags: ['node-with-user:24'], ...target });
  const buildContexts = { 'node:24-slim': 'docker-image://node-with-user:24' };
  await builder.build({ context, buildContexts, tags: ['fastify-app'], outputs: [ociLayout(layout)], ...target });
  return layout;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

interface RuntimeConfig {
  readonly process: { terminal: boolean; readonly env: string[]; rlimits: unknown[] };
  readonly linux: { namespaces: { readonly type: string }[]; resources?: unknown };
  mounts: { readonly destination: string }[];
}

/** A runtime bundle that uses the network of this machine and leaves its control groups alone. */
function unpackBundle(layout: string, port: number): string {
  const bundle = join(tempDir(), 'bundle');
  execFileSync('umoci', ['unpack', '--image', `${layout}:latest`, bundle], { stdio: 'pipe' });
  const path = join(bundle, 'config.json');
  const config = JSON.parse(readFileSync(path, 'utf8')) as RuntimeConfig;
  config.process.terminal = false;
  config.process.rlimits = [];
  config.process.env.push(`PORT=${port}`);
  config.linux.namespaces = config.linux.namespaces.filter(({ type }) => type !== 'network' && type !== 'cgroup');
  config.linux.resources = undefined;
  config.mounts = config.mounts.filter(({ destination }) => !destination.startsWith('/sys'));
  writeFileSync(path, JSON.stringify(config));
  return bundle;
}

interface Running {
  readonly process: ChildProcess;
  readonly address: string;
}

const CRUN = 'exec crun --cgroup-manager=disabled run --bundle "$1" "$2"';
/** crun refuses a machine with both versions of control groups. */
const RUN = `umount /sys/fs/cgroup/unified 2>/dev/null; ${CRUN}`;
/** In a user namespace, whose kernel is to know the emulator in $3. */
const EMULATE = `set -e
mount -t tmpfs none /sys/fs/cgroup
mount -t binfmt_misc none /proc/sys/fs/binfmt_misc
printf %s "$3" > /proc/sys/fs/binfmt_misc/register
${CRUN}`;

/** Runs until it says where it listens; it ends with the test. */
async function runBundle(bundle: string, id: string): Promise<Running> {
  const running = spawn('unshare', ['--mount', 'sh', '-c', RUN, 'sh', bundle, id]);
  return await listening(running, id);
}

/** The same by an emulator, in a user namespace that has all ids of this machine. */
async function emulateBundle(bundle: string, id: string): Promise<Running> {
  const wait = 'echo begun; read -r _; exec sh -c "$@"';
  const words = ['sh', '-c', wait, 'sh', EMULATE, 'sh', bundle, id, ARM64_HANDLER];
  const running = spawn('unshare', ['--user', '--mount', ...words]);
  await untilSaid(running, /begun/);
  for (const map of ['uid_map', 'gid_map']) writeFileSync(`/proc/${running.pid}/${map}`, '0 0 65536\n');
  running.stdin.end('\n');
  return await listening(running, id);
}

async function listening(running: ChildProcessWithoutNullStreams, id: string): Promise<Running> {
  const ended = once(running, 'exit');
  onTestFinished(async () => {
    if (running.exitCode === null) execFileSync('crun', ['kill', id, 'KILL'], { stdio: 'pipe' });
    await ended;
  });
  return { process: running, address: await untilSaid(running, /http:\S+/) };
}

/** The part of the output that matches, as soon as it is there. */
async function untilSaid(running: ChildProcessWithoutNullStreams, pattern: RegExp): Promise<string> {
  let said = '';
  return await new Promise((resolve, reject) => {
    for (const stream of [running.stdout, running.stderr]) {
      stream.on('data', (chunk) => {
        said += String(chunk);
        const found = pattern.exec(said)?.[0];
        if (found !== undefined) resolve(found);
      });
    }
    running.once('exit', () => reject(new Error(`it ended before it said ${pattern}: ${said}`)));
  });
}

async function expectAnswers({ process: running, address }: Running, id: string, arch: string): Promise<void> {
  const greeting = await fetch(address);
  expect(await greeting.json()).toEqual({ hello: 'world', arch, user: 1000 });
  const headers = { 'content-type': 'text/plain' };
  const minified = await fetch(`${address}/minify`, { method: 'POST', headers, body: 'let a = 1 + 1; log(a)' });
  expect((await minified.text()).trim()).toBe('let a=2;log(a);');
  execFileSync('crun', ['kill', id, 'TERM']);
  if (running.exitCode === null) await once(running, 'exit');
  expect(running.exitCode).toBe(0);
}

/** Unpacking a Node image takes a while on a busy machine. */
const LONG_MS = 600_000;

describe('the example without a Dockerfile', () => {
  it(
    'becomes an image that answers requests as an ordinary user, and ends when it is told to',
    async () => {
      const layout = await buildExample('node:24');
      const { paths } = await readImageTree(layout);
      expect([...paths.keys()].filter((path) => /^\/app\/test/.test(path))).toEqual([]);
      const id = `lamella-example-${process.pid}`;
      const running = await runBundle(unpackBundle(layout, await freePort()), id);
      await expectAnswers(running, id, process.arch);
    },
    LONG_MS,
  );

  if (kernelEmulatesArm64) {
    it(
      'becomes an image for arm64, built without an emulator, that does the same under one',
      async () => {
        const layout = await buildExample('node:24-arm64', 'linux/arm64');
        const id = `lamella-arm64-${process.pid}`;
        const running = await emulateBundle(unpackBundle(layout, await freePort()), id);
        await expectAnswers(running, id, 'arm64');
      },
      LONG_MS,
    );
  }
});
