import { readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { chooseSteps, type StoredStep } from '../../../src/build/shared/choose-steps.ts';
import type { CacheKey } from '../../../src/cache/cache-key.ts';
import { main } from '../../../src/cli/main.ts';
import { toDigest } from '../../../src/core/digest.ts';
import * as lamella from '../../../src/index.ts';
import { pruneSharedCache, type SharedCacheSource } from '../../../src/index.ts';
import { fakeHost } from '../../cli/support/fake-host.ts';
import { createBuilder } from '../../support/build.ts';
import { failure } from '../../support/registry/client.ts';
import { answer } from '../../support/registry/faults.ts';
import { startRegistry, type TestRegistry } from '../../support/registry/server.ts';
import { tempDir } from '../../support/temp-dir.ts';

const DOCKERFILE = 'FROM scratch\nCOPY a.txt /\nCOPY b.txt /\nWORKDIR /w\n';
const FILES = { Dockerfile: DOCKERFILE, 'a.txt': 'a'.repeat(1000), 'b.txt': 'b' };

interface Filled {
  readonly place: SharedCacheSource;
  readonly steps: () => readonly string[];
  /** Lets the layers of the cache vanish. */
  readonly loseBlobs: () => void;
}

function inRegistry(registry: TestRegistry): Filled {
  return {
    place: { type: 'registry', ref: `${registry.host}/team/cache` },
    steps: () => [...registry.manifests.keys()].filter((name) => name.includes(':lamella-')),
    loseBlobs: () => registry.blobs.clear(),
  };
}

function inDirectory(path: string): Filled {
  return {
    place: { type: 'local', path },
    steps: () => readdirSync(join(path, 'steps')),
    loseBlobs: () => rmSync(join(path, 'blobs'), { recursive: true }),
  };
}

async function filled(cache: Filled): Promise<Filled> {
  await createBuilder().build({ files: FILES, cacheTo: [{ ...cache.place, mode: 'max' }] });
  expect(cache.steps()).toHaveLength(3);
  return cache;
}

const KINDS: readonly [kind: string, open: () => Promise<Filled>][] = [
  ['registry', async () => await filled(inRegistry(await startRegistry()))],
  ['local', async () => await filled(inDirectory(join(tempDir(), 'shared')))],
];

describe.each(KINDS)('a shared cache of type %s', (_, open) => {
  it('loses nothing without a limit', async () => {
    const { place, steps } = await open();
    expect(await pruneSharedCache(place)).toMatchObject({ removed: [], steps: 3, freed: 0 });
    expect(steps()).toHaveLength(3);
  });

  it('keeps the steps that are in the limit, and builds take them', async () => {
    const { place, steps } = await open();
    const report = await pruneSharedCache(place, { maxSteps: 2 });
    expect(report).toMatchObject({ steps: 2, removed: [{ step: expect.stringMatching(/COPY|WORKDIR/) }] });
    expect(report.freed).toBeGreaterThan(0);
    expect(steps()).toHaveLength(2);
    expect(await createBuilder().build({ files: FILES, cacheFrom: [place] })).toMatchObject({ cached: 2, executed: 1 });
  });

  it('says what would go, and takes nothing', async () => {
    const { place, steps } = await open();
    const report = await pruneSharedCache(place, { all: true, dryRun: true });
    expect(report).toMatchObject({ steps: 0, left: 0 });
    expect(report.removed).toHaveLength(3);
    expect(steps()).toHaveLength(3);
  });

  it('loses steps whose layers are gone', async () => {
    const { place, steps, loseBlobs } = await open();
    loseBlobs();
    expect(await pruneSharedCache(place)).toMatchObject({ steps: 0 });
    expect(steps()).toEqual([]);
    expect(await createBuilder().build({ files: FILES, cacheFrom: [place] })).toMatchObject({ executed: 3 });
  });

  it('that does not exist has no steps', async () => {
    const { place } = await open();
    const other =
      place.type === 'local'
        ? { ...place, path: join(place.path, 'none') }
        : { ...place, ref: place.ref.replace('/team/', '/no/') };
    expect(await pruneSharedCache(other, { all: true })).toMatchObject({ removed: [], steps: 0 });
  });
});

describe('a shared cache in a registry', () => {
  it('leaves images of the repository alone', async () => {
    const registry = await startRegistry();
    const { place } = inRegistry(registry);
    const tags = [`${registry.host}/team/cache:1`];
    await createBuilder().build({ files: FILES, tags, outputs: [{ type: 'registry' }], cacheTo: [place] });
    await pruneSharedCache(place, { all: true });
    expect([...registry.manifests.keys()].filter((name) => !name.includes('@') && !name.includes(':sha256'))).toEqual([
      'team/cache:1',
    ]);
  });

  it.each([405, 400, 501])('that lets nobody delete says so (%s)', async (status) => {
    const registry = await startRegistry();
    const { place } = await filled(inRegistry(registry));
    registry.faults.push(answer(/DELETE/, { status }));
    expect(await failure(pruneSharedCache(place, { all: true }))).toMatchObject({
      code: 'REGISTRY_DELETE_REFUSED',
      hint: expect.stringContaining('storage.delete.enabled'),
    });
  });
});

describe('a shared cache in a directory', () => {
  it('loses blobs that no step names, but none that somebody may be about to name', async () => {
    const path = join(tempDir(), 'shared');
    const { place } = await filled(inDirectory(path));
    const blobs = join(path, 'blobs/sha256');
    const [fresh = '', ...old] = readdirSync(blobs);
    for (const name of old) utimesSync(join(blobs, name), 1, 1);
    const empty = old.filter((name) => readFileSync(join(blobs, name)).toString() === '{}');
    await pruneSharedCache(place, { all: true });
    expect(readdirSync(blobs).sort()).toEqual([fresh, ...empty].sort());
  });

  it('is not asked for again by who writes a step with a blob that is there', async () => {
    const path = join(tempDir(), 'shared');
    const { place } = await filled(inDirectory(path));
    const blobs = join(path, 'blobs/sha256');
    for (const name of readdirSync(blobs)) utimesSync(join(blobs, name), 1, 1);
    rmSync(join(path, 'steps'), { recursive: true });
    await createBuilder().build({ files: FILES, cacheTo: [{ ...place, mode: 'max' }] });
    rmSync(join(path, 'steps'), { recursive: true });
    await pruneSharedCache(place);
    expect(readdirSync(blobs).length).toBeGreaterThan(3);
  });

  it('loses what is no step', async () => {
    const path = join(tempDir(), 'shared');
    const { place, steps } = await filled(inDirectory(path));
    writeFileSync(join(path, 'steps', steps()[0] ?? ''), 'no JSON');
    const report = await pruneSharedCache(place);
    expect(report).toMatchObject({ steps: 2, removed: [{ step: '' }] });
  });
});

describe('chooseSteps', () => {
  const day = 86_400_000;
  const step = (name: string, uploadedMs: number, ...sizes: readonly number[]): StoredStep => ({
    key: name as unknown as CacheKey,
    step: name,
    uploadedMs,
    blobs: sizes.map((size) => ({ digest: toDigest(String(size).padStart(64, '0')), size })),
    isUsable: true,
  });
  const names = (steps: readonly StoredStep[]): string[] => steps.map((each) => each.step).sort();
  const steps = [step('old', day, 10, 20), step('new', 3 * day, 10, 30), step('middle', 2 * day, 20)];

  it.each([
    [{}, []],
    [{ all: true }, ['middle', 'new', 'old']],
    [{ olderThanMs: 2 * day }, ['middle', 'old']],
    [{ maxSteps: 1 }, ['middle', 'old']],
    [{ maxSteps: 0 }, ['middle', 'new', 'old']],
    // Blobs that several steps name count once.
    [{ maxSize: 60 }, []],
    [{ maxSize: 59 }, ['middle', 'old']],
    [{ maxSize: 10 }, ['middle', 'new', 'old']],
  ])('with %j takes %j', (limits, expected) => {
    expect(names(chooseSteps(steps, limits, 4 * day))).toEqual(expected);
  });

  it('takes what cannot be used, which makes room for nobody', () => {
    const lost = { ...step('lost', 4 * day, 99), isUsable: false };
    expect(names(chooseSteps([...steps, lost], { maxSteps: 3 }, 4 * day))).toEqual(['lost']);
  });
});

describe('lamella cache prune --remote', () => {
  async function prune(...words: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    const host = fakeHost({ library: lamella });
    const code = await main(['cache', 'prune', ...words], host);
    return { code, ...host.written };
  }

  it('says what it took, and what is left', async () => {
    const registry = await startRegistry();
    const { place } = await filled(inRegistry(registry));
    const ref = place.type === 'registry' ? place.ref : '';
    const first = await prune('--remote', ref, '--max-steps', '1');
    expect(first).toMatchObject({ code: 0, stderr: '' });
    const [line, , sum] = first.stdout.split('\n');
    expect(line).toMatch(/^step sha256:\w{64} 20\S+Z [\d.]+ k?B (COPY|WORKDIR) .*$/);
    expect(sum).toMatch(new RegExp(`^let go of 2 steps, .*; ${ref} has 1 left, [\\d.]+ k?B$`));
    const second = await prune('--remote', `type=registry,ref=${ref}`, '--all', '--json');
    expect(JSON.parse(second.stdout)).toMatchObject({ steps: 0, removed: [{ step: expect.any(String) }] });
  });

  it.each([
    [['--max-steps', '1'], 'name one with --remote'],
    [['--remote', 'r.example/x', '--max-steps', 'many'], 'it is no number'],
    [['--remote', 'type=s3,bucket=x'], 'no cache of type "s3"'],
    [['--remote', 'type=local,dest=x'], 'names no directory'],
  ])('refuses %j', async (words, message) => {
    const { code, stderr } = await prune(...words);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});
