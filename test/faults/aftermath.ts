import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import type { FaultyBuild } from './faulty-build.ts';

/**
 * Checks all that must hold after a build was hurt: nothing of it runs or is mounted, its cache holds nothing damaged, the
 * next build gives the image that it would have given without, and leaves nothing temporary behind.
 */
export async function checkAftermath(build: FaultyBuild, expectedDigest: string): Promise<void> {
  expect(await atRest(build)).toEqual([]);
  const groups = notedGroups(build);
  if (existsSync(build.cacheDir)) {
    const verified = await build.run(['cache', 'verify']);
    expect(verified.exitCode, `${verified.stdout}${verified.stderr}`).toBe(0);
  }
  const next = await build.build();
  expect(next.exitCode, next.stderr).toBe(0);
  expect(next.stdout.trim()).toBe(expectedDigest);
  expect(await atRest(build)).toEqual([]);
  expect(temporaryFiles(build)).toEqual([]);
  expect(groups.filter(existsSync)).toEqual([]);
}

/** Control groups of builds that have not removed their workspace. */
export function notedGroups({ cacheDir }: FaultyBuild): string[] {
  const notes = globSync('tmp/*/control-groups', { cwd: cacheDir });
  return notes.flatMap((path) => readFileSync(join(cacheDir, path), 'utf8').split('\n').filter(Boolean));
}

const PATIENCE_MS = 10_000;
const POLL_MS = 50;

/**
 * What still lives of a build; a namespace lives by a process or a mount. The kernel takes a moment to end what was killed.
 */
async function atRest(build: FaultyBuild): Promise<string[]> {
  for (let waited = 0; waited < PATIENCE_MS; waited += POLL_MS) {
    if (survivors(build).length === 0) break;
    await delay(POLL_MS);
  }
  return survivors(build);
}

function survivors({ mark, project }: FaultyBuild): string[] {
  const places = [mark, project.out];
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  return [
    ...mounts.filter((line) => line.includes(project.out)).map((line) => `mount ${line}`),
    ...readdirSync('/proc').flatMap((pid) => (/^\d+$/.test(pid) ? describeProcess(pid, places) : [])),
  ];
}

/** A process of the build, by its environment or command line, or one in a mount namespace that still shows its folders. */
function describeProcess(pid: string, places: readonly string[]): string[] {
  if (pid === String(process.pid)) return [];
  const [environment = '', command = '', mounts = ''] = ['environ', 'cmdline', 'mountinfo'].map((name) =>
    readOf(pid, name),
  );
  if (!places.some((place) => `${environment}${command}${mounts}`.includes(place))) return [];
  return [`process ${pid} ${command.replaceAll('\0', ' ')}`];
}

function readOf(pid: string, name: string): string {
  try {
    return readFileSync(join('/proc', pid, name), 'latin1');
  } catch {
    return '';
  }
}

/** Compiled code of the command line, which Node keeps. */
const NODES_OWN = 'node-compile-cache';

/** Unfinished blobs and files, workspaces, locks: whatever only a running build needs. */
export function temporaryFiles({ cacheDir, tempDir }: FaultyBuild): string[] {
  const inCache = [
    '',
    'store',
    'records',
    'definitions',
    'blobs',
    'blocks',
    'tocs',
    'pulled',
    'unchanged',
    'used',
    'mounts',
    'npm',
    'downloads',
    'kept',
  ];
  const unfinished = inCache.flatMap((name) =>
    filesBelow(join(cacheDir, name), name === '' ? 0 : 4).filter(isTemporary),
  );
  const inTemp = filesBelow(tempDir, 0).filter((path) => basename(path) !== NODES_OWN);
  return [...unfinished, ...filesBelow(join(cacheDir, 'tmp'), 0), ...inTemp];
}

function isTemporary(path: string): boolean {
  return /\.tmp$|\.lease(\.|$)|\.stale$|\/ingest\/.|\/\.[0-9a-f]{24}-/.test(path);
}

function filesBelow(folder: string, depth: number): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() && depth > 0 ? [path, ...filesBelow(path, depth - 1)] : [path];
  });
}
