import { spawn } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { exitCodeOfSignal } from '../../src/cli/exit-codes.ts';
import { processesWith } from '../contract/sandbox.ts';
import { TEST_REGISTRY } from '../support/host.ts';
import { runCli } from '../support/run-cli.ts';
import { tempDir } from '../support/temp-dir.ts';

const CLI = fileURLToPath(new URL('../../bin/lamella.js', import.meta.url));

interface Told {
  readonly type: string;
  readonly text?: string;
}

interface Interrupted {
  readonly exitCode: number | null;
  /** What was told after the interrupt, in order. */
  readonly after: readonly string[];
}

interface Interruption {
  readonly args: readonly string[];
  /** Ctrl-C is pressed when this is told. */
  readonly when: (told: Told) => boolean;
  /** Default: Ctrl-C, once. */
  readonly signals?: readonly NodeJS.Signals[];
}

/** Runs a build that is interrupted when something is told, or when `now` is called. */
function interrupt({ args, when, signals = ['SIGINT'] }: Interruption): {
  readonly ended: Promise<Interrupted>;
  now(): void;
} {
  const child = spawn(process.execPath, [CLI, ...args, '--progress=json'], { stdio: ['ignore', 'ignore', 'pipe'] });
  const after: string[] = [];
  let isInterrupted = false;
  const now = (): void => {
    if (isInterrupted) return;
    isInterrupted = true;
    for (const signal of signals) child.kill(signal);
  };
  createInterface({ input: child.stderr }).on('line', (line) => {
    const told: Told = line.startsWith('{') ? (JSON.parse(line) as Told) : { type: line };
    if (isInterrupted) after.push(told.type);
    if (when(told)) now();
  });
  const ended = new Promise<Interrupted>((resolve) =>
    child.on('close', (exitCode) => resolve({ exitCode, after: after.filter((type) => type !== 'log') })),
  );
  return { ended, now };
}

/** Takes connections and says nothing; calls back when somebody asks. */
async function silentServer(onAsked: () => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}).once('data', onAsked));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
}

function build(dockerfile: string, ...args: string[]): { readonly args: string[]; readonly cacheDir: string } {
  const cacheDir = tempDir();
  const context = tempDir({ Dockerfile: dockerfile });
  return { args: ['build', '--cache-dir', cacheDir, ...args, context], cacheDir };
}

const never = (): boolean => false;
const isReady = ({ type, text }: Told): boolean => type === 'log' && text?.includes('ready') === true;

describe('Ctrl-C', () => {
  test.each([
    ['that sleeps', 'echo ready; sleep 7655001', '7655001'],
    ['that ignores signals', "trap '' INT TERM HUP; echo ready; while :; do sleep 7655002; done", '7655002'],
    ['that has left its session', 'setsid sleep 7655003 & echo ready; wait', '7655003'],
  ])('ends a command %s: the step fails, then all is said; nothing is left', async (_, script, mark) => {
    const { args, cacheDir } = build(`FROM ${TEST_REGISTRY}/busybox:latest\nRUN ${script}\n`);
    const { exitCode, after } = await interrupt({ args, when: isReady }).ended;
    expect({ exitCode, after }).toEqual({ exitCode: 130, after: ['step-failed', 'stopped by SIGINT'] });
    expect(processesWith(mark)).toEqual([]);
    expect(readdirSync(join(cacheDir, 'tmp'))).toEqual([]);
  });

  test('ends a COPY of much, without a part of its layer', async () => {
    const { args, cacheDir } = build('FROM scratch\nCOPY big /\n', '--output', `type=oci,dest=${tempDir()}/image.tar`);
    writeFileSync(join(args.at(-1) ?? '', 'big'), Buffer.alloc(300_000_000, 'lamella'));
    const { exitCode, after } = await interrupt({ args, when: ({ type }) => type === 'step-started' }).ended;
    expect({ exitCode, after }).toEqual({ exitCode: 130, after: ['step-failed', 'stopped by SIGINT'] });
    expect(readdirSync(join(cacheDir, 'tmp'))).toEqual([]);
    const kept = readdirSync(cacheDir, { recursive: true, encoding: 'utf8' });
    expect(kept.filter((path) => path.startsWith('store/blobs/sha256/'))).toEqual([]);
  });

  test.each([
    ['a pull', (server: string) => `FROM ${server}/image:1\n`],
    ['a download', (server: string) => `FROM scratch\nADD http://${server}/file /\n`],
  ])('ends %s whose server says nothing', async (_, dockerfile) => {
    const running: { now(): void }[] = [];
    const server = await silentServer(() => running[0]?.now());
    const { args, cacheDir } = build(dockerfile(server));
    const interrupted = interrupt({ args, when: never });
    running.push(interrupted);
    const { exitCode, after } = await interrupted.ended;
    expect({ exitCode, last: after.at(-1) }).toEqual({ exitCode: 130, last: 'stopped by SIGINT' });
    expect(readdirSync(join(cacheDir, 'tmp'))).toEqual([]);
  });

  test('ends a push whose registry says nothing; the image is in the store', async () => {
    const running: { now(): void }[] = [];
    const server = await silentServer(() => running[0]?.now());
    const { args, cacheDir } = build('FROM scratch\nCOPY Dockerfile /\n', '-t', `${server}/image:1`, '--push');
    const interrupted = interrupt({ args, when: never });
    running.push(interrupted);
    const { exitCode, after } = await interrupted.ended;
    expect({ exitCode, last: after.at(-1) }).toEqual({ exitCode: 130, last: 'stopped by SIGINT' });
    expect(after).not.toContain('output-written');
    expect(readdirSync(join(cacheDir, 'tmp'))).toEqual([]);
    expect((await runCli(['images', '--cache-dir', cacheDir])).stdout).toContain(`${server}/image:1`);
  });

  test('and a second signal end at once, without a word; what it leaves goes with the next build', async () => {
    const script = "trap '' INT TERM; echo ready; while :; do sleep 7655004; done";
    const { args, cacheDir } = build(`FROM ${TEST_REGISTRY}/busybox:latest\nRUN ${script}\n`);
    // Another one, since two of a kind may arrive as one.
    const signals = ['SIGINT', 'SIGTERM'] as const;
    const { exitCode, after } = await interrupt({ args, when: isReady, signals }).ended;
    // Which of two at once comes second is up to the system; a clean end would have told that the step failed.
    expect(after).toEqual([]);
    expect([exitCodeOfSignal('SIGINT'), exitCodeOfSignal('SIGTERM')]).toContain(exitCode);
    await expect.poll(() => processesWith('7655004'), { timeout: 30_000 }).toEqual([]);
    const context = tempDir({ Dockerfile: `FROM ${TEST_REGISTRY}/busybox:latest\nRUN true\n` });
    expect(await runCli(['build', '--cache-dir', cacheDir, context])).toMatchObject({ exitCode: 0 });
    expect(readdirSync(join(cacheDir, 'tmp'))).toEqual([]);
  });
});
