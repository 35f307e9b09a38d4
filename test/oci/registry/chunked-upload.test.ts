import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Digest } from '../../../src/core/digest.ts';
import { digestOf } from '../../../src/io/hash.ts';
import type { PushOutcome } from '../../../src/oci/registry/push-blob.ts';
import { failure, testClient } from '../../support/registry/client.ts';
import { answer, takeAtMost } from '../../support/registry/faults.ts';
import { startRegistry, type TestRegistry } from '../../support/registry/server.ts';

const MIB = 1 << 20;

interface Setting {
  readonly registry: TestRegistry;
  readonly digest: Digest;
  readonly push: () => Promise<PushOutcome>;
}

/** A blob, and a registry behind a proxy that takes no request of more than `limit` bytes. */
async function setup(size: number, limit: number): Promise<Setting> {
  const registry = await startRegistry();
  registry.faults.push(takeAtMost(limit));
  const blob = randomBytes(size);
  const digest = digestOf(blob);
  async function* pieces(): AsyncGenerator<Uint8Array, void> {
    for (let at = 0; at < size; at += 700_000) yield blob.subarray(at, at + 700_000);
  }
  const bytes = { [Symbol.asyncIterator]: pieces };
  const repository = { registry: registry.host, repository: 'new' };
  const push = () => testClient().pushBlob(repository, { descriptor: { digest, size }, bytes });
  return { registry, digest, push };
}

/** The parts that were sent, in order. */
function parts({ requests }: TestRegistry): string[] {
  return requests.flatMap(({ contentRange }) => contentRange ?? []);
}

function uploadsBegun({ requests }: TestRegistry): number {
  return requests.filter(({ line }) => line.startsWith('POST')).length;
}

describe('a blob that does not fit into one request', () => {
  it('goes in several, one after the other, and is whole there', async () => {
    const { registry, digest, push } = await setup(5 * MIB, 3 * MIB);
    expect(await push()).toBe('uploaded');
    expect(registry.blobs.has(`new@${digest}`)).toBe(true);
    expect(parts(registry)).toEqual(['0-1310719', '1310720-2621439', '2621440-3932159', '3932160-5242879']);
    expect(uploadsBegun(registry)).toBe(1);
  });

  it('goes in less and less at a time until it fits', async () => {
    const { registry, digest, push } = await setup(9 * MIB, MIB);
    expect(await push()).toBe('uploaded');
    expect(registry.blobs.has(`new@${digest}`)).toBe(true);
    expect(parts(registry).slice(0, 3)).toEqual(['0-2359295', '0-1048575', '1048576-2097151']);
    expect(parts(registry)).toHaveLength(1 + 9);
  });

  function wantAtLeast(registry: TestRegistry, length: string): void {
    const headers = { location: '/v2/new/blobs/uploads/1?_state=a%2Bb=', 'oci-chunk-min-length': length };
    registry.faults.push(answer(/POST/, { status: 202, headers }));
  }

  it('never goes in less than the registry wants at least', async () => {
    const { registry, push } = await setup(5 * MIB, 3 * MIB);
    wantAtLeast(registry, String(4 * MIB));
    expect(await failure(push())).toMatchObject({ code: 'REGISTRY_TOO_LARGE' });
    expect(new Set(parts(registry))).toEqual(new Set(['0-4194303']));
  });

  it.each(['-1', '0', '1', 'x', '1e999', ''])(
    'goes in pieces of a sensible size where it wants at least %j',
    async (length) => {
      const { registry, push } = await setup(2 * MIB, MIB);
      wantAtLeast(registry, length);
      expect(await push()).toBe('uploaded');
      expect(parts(registry)).toEqual(['0-1048575', '1048576-2097151']);
    },
  );
});

describe('an upload in chunks', () => {
  it('goes on after the last that came, over a connection that breaks more often than there are attempts', async () => {
    const { registry, digest, push } = await setup(23 * MIB, MIB);
    const breaks = [5, 9, 13, 17, 21].map((at) => `${at * MIB}-${(at + 1) * MIB - 1}`);
    const broken = new Set<string>();
    registry.faults.push((request) => {
      const part = request.headers['content-range'] ?? '';
      if (!breaks.includes(part) || broken.has(part)) return false;
      broken.add(part);
      request.socket.destroy();
      return true;
    });
    expect(await push()).toBe('uploaded');
    expect(registry.blobs.has(`new@${digest}`)).toBe(true);
    const sent = parts(registry).slice(-23 - breaks.length);
    expect(sent.filter((part, at) => part === sent[at + 1])).toEqual(breaks);
    expect(new Set(sent).size).toBe(23);
    expect(uploadsBegun(registry)).toBe(1);
  });

  it('begins anew where the registry has lost a part', async () => {
    const { registry, digest, push } = await setup(3 * MIB, MIB);
    let forgets = true;
    registry.faults.push((request) => {
      if (forgets && request.headers['content-range']?.startsWith(`${2 * MIB}-`)) {
        forgets = false;
        registry.uploads.delete('new');
      }
      return false;
    });
    expect(await push()).toBe('uploaded');
    expect(registry.blobs.has(`new@${digest}`)).toBe(true);
    expect(uploadsBegun(registry)).toBe(2);
  });
});
