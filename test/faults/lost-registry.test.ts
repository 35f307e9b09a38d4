import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { registry as toRegistry, verifyCache } from '../../src/index.ts';
import { createBuilder } from '../support/build.ts';
import { failureOf } from './failure-of.ts';
import { randomNumbers, SEED } from './seed.ts';

const registry = process.env.LAMELLA_TEST_REGISTRY ?? '';

interface BadLine {
  /** `host:port` by which the registry is reached. */
  readonly address: string;
  /** From now on all bytes pass. */
  mend(): void;
}

/** A way to the registry of these tests that lets so many bytes pass in one direction, and then nothing any more. */
async function badLine(direction: 'pull' | 'push', bytes: number): Promise<BadLine> {
  let left = bytes;
  const open = new Set<Socket>();
  const count = ({ length }: Buffer): void => {
    left -= length;
    if (left < 0) for (const socket of open) socket.destroy();
  };
  const server = createServer((client) => {
    if (left < 0) return void client.destroy();
    const [host, port] = registry.split(':');
    const upstream = connect(Number(port), host);
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        open.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    (direction === 'pull' ? upstream : client).on('data', count);
    client.pipe(upstream).pipe(client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    mend() {
      left = Number.POSITIVE_INFINITY;
    },
  };
}

/** Unfinished blobs and workspaces. */
function leftovers(cacheDir: string): string[] {
  return ['tmp', join('store', 'ingest')].flatMap((name) => {
    const folder = join(cacheDir, name);
    return existsSync(folder) ? readdirSync(folder).map((entry) => join(name, entry)) : [];
  });
}

describe('a registry that goes away', () => {
  test.each(randomNumbers('pull', 3, [0, 700_000]).map((bytes) => ({ bytes, seed: SEED })))(
    'after it has sent $bytes bytes is told, nothing half fetched is used, and the next build works (seed $seed)',
    async ({ bytes }) => {
      const line = await badLine('pull', bytes);
      const dockerfileText = `FROM ${line.address}/busybox:latest\nCOPY f /f\n`;
      const request = { dockerfileText, files: { f: 'x' } };
      const builder = createBuilder();
      const error = await failureOf(builder.build(request));
      expect(error).toMatchObject({ code: 'REGISTRY_UNREACHABLE', message: expect.stringContaining(line.address) });
      expect(leftovers(builder.cacheDir)).toEqual([]);
      expect((await verifyCache({ cacheDir: builder.cacheDir })).damage).toEqual([]);
      line.mend();
      const after = await builder.build(request);
      expect(after.image).toEqual((await createBuilder().build(request)).image);
    },
  );

  test.each(randomNumbers('push', 3, [0, 3_000_000]).map((bytes) => ({ bytes, seed: SEED })))(
    'after it has got $bytes bytes is told, no tag shows half an image, and the next build works (seed $seed)',
    async ({ bytes }) => {
      const line = await badLine('push', bytes);
      const tag = `${line.address}/faults/lost-${randomBytes(6).toString('hex')}:1`;
      const request = {
        dockerfileText: 'FROM scratch\nCOPY . /\n',
        files: Object.fromEntries([1, 2, 3].map((at) => [`f${at}`, randomBytes(1_500_000).toString('hex')])),
        tags: [tag],
        outputs: [toRegistry()],
      };
      const builder = createBuilder();
      expect(await failureOf(builder.build(request))).toMatchObject({ code: 'REGISTRY_UNREACHABLE' });
      expect(leftovers(builder.cacheDir)).toEqual([]);
      line.mend();
      const { image } = await builder.build(request);
      const pulled = await createBuilder().build({ dockerfileText: `FROM ${tag}\n` });
      expect(pulled.image.layers.map(({ diffId }) => diffId)).toEqual(image.layers.map(({ diffId }) => diffId));
    },
  );
});
