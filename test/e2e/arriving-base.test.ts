import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import type { Descriptor } from '../../src/core/image.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { makeImage, makeLayer, makeTar, publish } from '../support/images.ts';
import { createProject, type Project } from '../support/project.ts';
import { holdBack } from '../support/registry/faults.ts';
import { startRegistry, type TestRegistry } from '../support/registry/server.ts';
import { type CliResult, runCli } from '../support/run-cli.ts';
import { BUSYBOX } from '../support/sandbox-box.ts';

const RUN = 'RUN ["/bin/busybox", "grep", "text", "/file"]';
const PATIENCE = { timeout: 30_000 };

/** A base of one layer in a registry of its own, and a project that is built on it with an empty cache. */
interface Given {
  readonly project: Project;
  readonly registry: TestRegistry;
  readonly layer: Descriptor;
  readonly blob: Buffer;
  build(signal?: AbortSignal): Promise<CliResult>;
  /** Paths in the cache folder. */
  cached(pattern: string): string[];
}

async function given(step: string): Promise<Given> {
  const registry = await startRegistry();
  const store = createMemoryStore();
  const shell = { content: readFileSync(BUSYBOX), mode: 0o755 };
  const layer = await makeLayer(store, makeTar({ file: 'text', 'bin/busybox': shell }));
  const image = await makeImage(store, { layers: [layer] });
  const base = await publish(registry, 'base:1', { ...image, reader: store });
  const project = createProject({ Dockerfile: `FROM ${base}\n${step}\n` });
  const cacheDir = join(project.out, 'cache');
  const parts: Uint8Array[] = [];
  for await (const part of store.read(layer.descriptor)) parts.push(part);
  return {
    project,
    registry,
    layer: layer.descriptor,
    blob: Buffer.concat(parts),
    build: (signal) => runCli(['build', '-q', '--cache-dir', cacheDir, project.dir], signal && { signal }),
    cached: (pattern) => globSync(pattern, { cwd: cacheDir }),
  };
}

/** Holds back half of the layer; what is given comes then. */
function holdHalf({ registry, layer, blob }: Given): (rest: Uint8Array | undefined) => void {
  const rest = Promise.withResolvers<Uint8Array | undefined>();
  const half = { first: blob.subarray(0, blob.length >> 1), size: blob.length };
  registry.faults.push(holdBack(new RegExp(`GET .*/blobs/${layer.digest}`), half, rest.promise));
  return rest.resolve;
}

const UNPACKING = 'tmp/*/unpacking-*/file';
const DIRECTORIES = 'snapshots/{root,mapped,single-id}*/*';

async function untilUnpacking({ cached }: Given): Promise<void> {
  await vi.waitFor(() => expect(cached(UNPACKING)).toHaveLength(1), PATIENCE);
  expect(cached(DIRECTORIES)).toEqual([]);
  expect(cached('store/blobs/sha256/*')).not.toHaveLength(0);
}

test('a base in which a command is certain to run is unpacked before all of it is there', async () => {
  const base = await given(RUN);
  using _ = base.project;
  const giveRest = holdHalf(base);
  const building = base.build();
  await untilUnpacking(base);
  giveRest(base.blob.subarray(base.blob.length >> 1));
  const { exitCode, stderr } = await building;
  expect(exitCode, stderr).toBe(0);
  expect(base.cached('tmp/*')).toEqual([]);
});

test('of a base that proves to be another than its manifest says nothing is kept, and the next build fetches it anew', async () => {
  const base = await given(RUN);
  using _ = base.project;
  const giveRest = holdHalf(base);
  const building = base.build();
  await untilUnpacking(base);
  const altered = Buffer.from(base.blob.subarray(base.blob.length >> 1));
  altered.writeUInt8(altered.readUInt8(9) ^ 1, 9);
  giveRest(altered);
  const { exitCode, stderr } = await building;
  expect(exitCode, stderr).toBe(7);
  expect(stderr).toContain('CONTENT_DIGEST_MISMATCH');
  expect(base.cached('tmp/*')).toEqual([]);
  expect(base.cached(DIRECTORIES)).toEqual([]);
  expect((await base.build()).exitCode).toBe(0);
});

test('a base whose download breaks off goes on from there', async () => {
  const base = await given(RUN);
  using _ = base.project;
  const giveRest = holdHalf(base);
  const building = base.build();
  await untilUnpacking(base);
  giveRest(undefined);
  const { exitCode, stderr } = await building;
  expect(exitCode, stderr).toBe(0);
  expect(base.registry.requests.filter(({ range }) => range !== undefined)).toHaveLength(1);
  expect(base.cached('tmp/*')).toEqual([]);
});

test('what a build that was killed meanwhile has unpacked goes with the next one', async () => {
  const base = await given(RUN);
  using _ = base.project;
  const giveRest = holdHalf(base);
  const killing = new AbortController();
  const building = base.build(killing.signal);
  await untilUnpacking(base);
  killing.abort();
  await building;
  giveRest(undefined);
  const { exitCode, stderr } = await base.build();
  expect(exitCode, stderr).toBe(0);
  expect(base.cached('tmp/*')).toEqual([]);
});

test('a base whose files nobody needs is not unpacked', async () => {
  const base = await given('COPY . /app');
  using _ = base.project;
  const { exitCode, stderr } = await base.build();
  expect(exitCode, stderr).toBe(0);
  expect(base.cached('snapshots/*')).toEqual([]);
});
