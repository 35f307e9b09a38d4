import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hexOf, toDiffId } from '../../src/core/digest.ts';
import type { IsolationMethod, SnapshotterName } from '../../src/core/sandbox.ts';
import type { PackEntry, WhiteoutEntry } from '../../src/core/toc.ts';
import { digestOf } from '../../src/io/hash.ts';
import { packLayer } from '../../src/layers/pack.ts';
import type { LayerToUnpack, RunRequest, RunResult } from '../../src/rootfs/host-messages.ts';
import { type ActiveSnapshot, launchSandboxHost, type SandboxHost } from '../../src/rootfs/sandbox-host.ts';
import { createBlobStore } from '../../src/store/blob-store.ts';
import type { SandboxUser } from './sandbox-user.ts';

/** A sandbox host with its folders and a layer that holds a static busybox, for the tests of one file. */
export interface Box extends AsyncDisposable {
  readonly host: SandboxHost;
  readonly dir: string;
  readonly busybox: string;
  /** Packs entries and makes them a layer of the host; gives its id. */
  layer(entries: readonly (PackEntry | WhiteoutEntry)[], more?: Partial<LayerToUnpack>): Promise<string>;
  /** The same from a tar. */
  tarLayer(tar: Buffer, more?: Partial<LayerToUnpack>): Promise<string>;
  /** A snapshot on the busybox layer and others; or why it cannot be opened. */
  open(...layerIds: readonly string[]): Promise<ActiveSnapshot>;
}

/** A busybox of the host. */
export const BUSYBOX: string = ['/bin/busybox', '/usr/bin/busybox'].find((path) => existsSync(path)) ?? '/bin/busybox';

export async function openBox(
  user: SandboxUser,
  isolation: 'auto' | IsolationMethod,
  snapshotter?: SnapshotterName,
): Promise<Box> {
  const dir = mkdtempSync(join(tmpdir(), 'lamella-box-'));
  for (const name of ['', 'state', 'tmp']) {
    mkdirSync(join(dir, name), { recursive: true });
    user.own(join(dir, name));
  }
  const host = await launchSandboxHost(user.launches, {
    stateDir: join(dir, 'state'),
    tempDir: join(dir, 'tmp'),
    isolation,
    snapshotter,
  });
  const layer: Box['layer'] = (entries, more) => addLayer({ host, dir, entries, more });
  const tarLayer: Box['tarLayer'] = async (tar, more) => {
    const digest = digestOf(tar);
    const blobPath = join(dir, `${hexOf(digest)}.tar`);
    writeFileSync(blobPath, tar);
    const unpack = { id: digest, blobPath, compression: 'none', digest, diffId: toDiffId(digest) } as const;
    await host.unpackLayer({ ...unpack, ...more });
    return digest;
  };
  const busybox = await layer(busyboxEntries());
  return {
    host,
    dir,
    busybox,
    layer,
    tarLayer,
    async open(...layerIds) {
      const snapshot = host.openSnapshot([busybox, ...layerIds]);
      await snapshot.opened();
      return snapshot;
    },
    async [Symbol.asyncDispose]() {
      await host[Symbol.asyncDispose]();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

interface NewLayer {
  readonly host: SandboxHost;
  readonly dir: string;
  readonly entries: readonly (PackEntry | WhiteoutEntry)[];
  readonly more: Partial<LayerToUnpack> | undefined;
}

async function addLayer({ host, dir, entries, more }: NewLayer): Promise<string> {
  const store = createBlobStore(join(dir, 'store'));
  const layer = await packLayer(entries, store, { times: { kind: 'preserve' }, compression: 'gzip', level: 1 });
  const { digest } = layer.descriptor;
  const unpack = {
    id: layer.diffId,
    blobPath: store.pathOf(digest),
    compression: 'gzip',
    digest,
    diffId: layer.diffId,
  } as const;
  await host.unpackLayer({ ...unpack, ...more });
  return more?.id ?? layer.diffId;
}

export const PLAIN = { mode: 0o644, uid: 0, gid: 0, mtime: 1_000_000_000, size: 0 } as const;

export function directory(path: string, more: Partial<PackEntry> = {}): PackEntry {
  return { ...PLAIN, mode: 0o755, path, type: 'directory', ...more };
}

export function file(path: string, content: string, more: Partial<PackEntry> = {}): PackEntry {
  const bytes = Buffer.from(content);
  return { ...PLAIN, path, type: 'file', size: bytes.length, source: { kind: 'bytes', bytes }, ...more };
}

export function symlink(path: string, link: string): PackEntry {
  return { ...PLAIN, mode: 0o777, path, type: 'symlink', link };
}

function busyboxEntries(): PackEntry[] {
  const names = execFileSync(BUSYBOX, ['--list'], { encoding: 'utf8' }).trim().split('\n').sort();
  const program: PackEntry = {
    ...PLAIN,
    mode: 0o755,
    path: 'bin/busybox',
    type: 'file',
    size: statSync(BUSYBOX).size,
    source: { kind: 'path', path: BUSYBOX },
  };
  const links = names.filter((name) => name !== 'busybox').map((name) => symlink(`bin/${name}`, 'busybox'));
  const inBin = [program, ...links].sort((a, b) => (a.path < b.path ? -1 : 1));
  return [directory('bin'), ...inBin, directory('tmp', { mode: 0o1777 })];
}

const DEFAULTS: Omit<RunRequest, 'argv'> = {
  env: ['PATH=/bin', 'HOME=/'],
  cwd: '/',
  identity: { uid: 0, gid: 0, supplementaryGids: [] },
  hostname: 'buildkitsandbox',
  mounts: [],
  network: 'default',
  security: 'sandbox',
  extraHosts: [],
};

export interface Outcome extends RunResult {
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a shell script (or a command line) to its end. */
export async function runIn(
  snapshot: ActiveSnapshot,
  command: string | readonly string[],
  more: Partial<RunRequest> = {},
): Promise<Outcome> {
  const output = { stdout: '', stderr: '' };
  const argv = typeof command === 'string' ? ['/bin/sh', '-c', command] : command;
  const result = await snapshot.run({ ...DEFAULTS, argv, ...more }, ({ stream, bytes }) => {
    output[stream] += Buffer.from(bytes).toString('utf8');
  });
  return { ...result, ...output };
}

export function requestFor(script: string, more: Partial<RunRequest> = {}): RunRequest {
  return { ...DEFAULTS, argv: ['/bin/sh', '-c', script], ...more };
}

/** Whether a program of the host is a static busybox, which is all that the roots of these tests hold. */
export function hasStaticBusybox(): boolean {
  // PT_INTERP of a dynamic program names its loader.
  const works = existsSync(BUSYBOX) && !readFileSync(BUSYBOX).subarray(0, 4096).includes('/ld-');
  if (!works && process.env.CI) throw new Error('CI must have a static busybox');
  if (!works) console.warn('SKIPPED: needs a static busybox');
  return works;
}
