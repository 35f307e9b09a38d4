import { execFileSync } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Cleanup } from '../../src/hostd/cleanup.ts';
import { CopySnapshotter } from '../../src/hostd/copy-snapshots.ts';
import { DeviceFolders } from '../../src/hostd/device-folder.ts';
import { LayerDirectories } from '../../src/hostd/layer-directories.ts';
import { Leisure } from '../../src/hostd/leisure.ts';
import type { Mounter } from '../../src/hostd/mounter.ts';
import { OVERLAY_FRAME } from '../../src/hostd/overlay.ts';
import { mountRunRoot } from '../../src/hostd/run-root.ts';
import { userId } from '../../src/io/host.ts';
import { createCrun } from '../../src/sandbox/crun.ts';
import { requestFor } from '../support/sandbox-box.ts';
import { tempDir } from '../support/temp-dir.ts';

const UNSHARE_MAIN = join(import.meta.dirname, '../support/unshare-programs-main.ts');
const OVERLAY_MAIN = join(import.meta.dirname, '../support/overlay-frame-main.ts');

it('a command costs one process, and its mounts go in one call, however many they are', async () => {
  const dir = tempDir();
  for (const name of ['merged', 'points']) mkdirSync(join(dir, name));
  const program = join(dir, 'runtime');
  writeFileSync(program, `#!/bin/sh\necho started >>${dir}/starts\n`, { mode: 0o755 });
  const { mounter, calls } = recordingMounter();
  const sandbox = createCrun({ program, capabilities: '0', canSetGroups: true });
  const request = requestFor('true', {
    mounts: [{ kind: 'tmpfs', target: '/somewhere', readOnly: false }],
  });
  const cleanup = new Cleanup();
  const parts = partsIn(dir, mounter);
  const startedByNode = await countingProcesses(async () => {
    const root = await mountRunRoot(join(dir, 'merged'), request, { ...parts, cleanup });
    await sandbox.run(root.path, request, { onOutput: () => {}, scratch: root.scratch });
  });
  await cleanup.run();
  await parts.leisure.use();
  expect(readdirSync(join(dir, 'points'))).toEqual([]);
  expect(readFileSync(join(dir, 'starts'), 'utf8')).toBe('started\n');
  // Which copies its memory for each.
  expect(startedByNode).toBe(0);
  expect(calls.filter((call) => call === 'unmount')).toHaveLength(1);
  // Root, /dev with pts, shm and six nodes, /sys, two files, and the one that was asked for.
  expect(calls.filter((call) => call === 'bind' || call === 'fileSystem')).toHaveLength(14);
});

/** Mounting takes root. */
if (userId() === 0) {
  it('a command by unshare costs five programs, of which one is a process of its own: nothing is executed to make namespaces', () => {
    const args = ['--mount', process.execPath, UNSHARE_MAIN, tempDir()];
    expect(JSON.parse(execFileSync('unshare', args, { encoding: 'utf8' }))).toEqual({
      exitCode: 0,
      executed: ['sh', 'mount', 'setpriv', 'env', 'unshare'],
    });
  });

  it('what an overlay leaves is known by name, so that it is removed without a look at all of it', () => {
    const args = ['--mount', process.execPath, OVERLAY_MAIN, tempDir()];
    const left = JSON.parse(execFileSync('unshare', args, { encoding: 'utf8' })) as string[];
    expect(left).toContain('work');
    expect(OVERLAY_FRAME).toEqual(expect.arrayContaining(left));
  });
}

function partsIn(dir: string, mounter: Mounter) {
  const options = { stateDir: dir, tempDir: dir, flavor: 'mapped', whiteouts: 'files', isLazy: true } as const;
  const layers = new LayerDirectories(options);
  const snapshotter = new CopySnapshotter({ tempDir: dir, layers });
  const signal = new AbortController().signal;
  const place = { pointsDir: join(dir, 'points'), flavor: 'mapped', mounter } as const;
  const devices = new DeviceFolders(place);
  return { ...place, tempDir: dir, layers, snapshotter, devices, leisure: new Leisure(), signal };
}

/** Mounts nothing, so that this needs no rights. */
function recordingMounter(): { readonly mounter: Mounter; readonly calls: string[] } {
  const calls: string[] = [];
  const record = (name: string) => async (): Promise<void> => void calls.push(name);
  const mounter: Mounter = {
    bind: record('bind'),
    fileSystem: record('fileSystem'),
    overlay: record('overlay'),
    protect: record('protect'),
    unmount: record('unmount'),
  };
  return { mounter, calls };
}

/** Node tells of every child process that it starts on this channel. */
async function countingProcesses(work: () => Promise<void>): Promise<number> {
  let started = 0;
  const count = (): void => void started++;
  subscribe('child_process', count);
  try {
    await work();
  } finally {
    unsubscribe('child_process', count);
  }
  return started;
}
