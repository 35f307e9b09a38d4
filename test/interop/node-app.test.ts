import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
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

/** The official Node image has this user; the one of the test host has not. */
const ACCOUNTS = {
  passwd: 'root:x:0:0::/root:/bin/sh\nnode:x:1000:1000::/home/node:/bin/sh\n',
  group: 'root:x:0:\nnode:x:1000:\n',
  Dockerfile: `FROM ${TEST_REGISTRY}/node:24\nCOPY passwd group /etc/\n`,
};

/** The example as it is in the repository, built without a Dockerfile into a layout. */
async function buildExample(): Promise<string> {
  const context = join(tempDir(), 'app');
  cpSync(join(REPOSITORY, 'examples/fastify-app'), context, { recursive: true });
  const layout = join(tempDir(), 'image');
  const builder = createBuilder();
  await builder.build({ files: ACCOUNTS, tags: ['node-with-user:24'] });
  const buildContexts = { 'node:24-slim': 'docker-image://node-with-user:24' };
  await builder.build({ context, buildContexts, tags: ['fastify-app'], outputs: [ociLayout(layout)] });
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

/** Runs until it says where it listens; it ends with the test. */
async function runBundle(bundle: string, id: string): Promise<Running> {
  // crun refuses a machine with both versions of control groups.
  const script =
    'umount /sys/fs/cgroup/unified 2>/dev/null; exec crun --cgroup-manager=disabled run --bundle "$1" "$2"';
  const running = spawn('unshare', ['--mount', 'sh', '-c', script, 'sh', bundle, id]);
  const ended = once(running, 'exit');
  onTestFinished(async () => {
    if (running.exitCode === null) execFileSync('crun', ['kill', id, 'KILL'], { stdio: 'pipe' });
    await ended;
  });
  let said = '';
  running.stderr.on('data', (chunk) => {
    said += String(chunk);
  });
  for await (const chunk of running.stdout) {
    said += String(chunk);
    const address = /http:\S+/.exec(said)?.[0];
    if (address !== undefined) return { process: running, address };
  }
  throw new Error(`it ended before it listened: ${said}`);
}

describe('the example without a Dockerfile', () => {
  it('becomes an image that answers requests as an ordinary user, and ends when it is told to', async () => {
    const layout = await buildExample();
    const { paths } = await readImageTree(layout);
    expect([...paths.keys()].filter((path) => /^\/app\/test/.test(path))).toEqual([]);
    const port = await freePort();
    const id = `lamella-example-${process.pid}`;
    const { process: running, address } = await runBundle(unpackBundle(layout, port), id);
    const greeting = await fetch(address);
    expect(await greeting.json()).toEqual({ hello: 'world', arch: process.arch, user: 1000 });
    const headers = { 'content-type': 'text/plain' };
    const minified = await fetch(`${address}/minify`, { method: 'POST', headers, body: 'let a = 1 + 1; log(a)' });
    expect((await minified.text()).trim()).toBe('let a=2;log(a);');
    execFileSync('crun', ['kill', id, 'TERM']);
    if (running.exitCode === null) await once(running, 'exit');
    expect(running.exitCode).toBe(0);
    // Unpacking a Node image takes a while on a busy machine.
  }, 600_000);
});
