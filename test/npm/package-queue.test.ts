import { describe, expect, it } from 'vitest';
import type { TarballPackage } from '../../src/npm/npm-tree.ts';
import { createPackageQueue, type PackageReader } from '../../src/npm/package-queue.ts';

function packages(count: number): TarballPackage[] {
  return Array.from({ length: count }, (_, index) => ({
    location: `node_modules/p${index}`,
    name: `p${index}`,
    version: '1.0.0',
    source: { kind: 'tarball', integrity: '' },
    bins: new Map(),
    hasInstallScript: false,
    isDirect: true,
    isDev: false,
    isOptional: false,
    dependencies: [],
  }));
}

/** Reading takes its turn, as it does from a disk or a network. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function reading(size: number, parts: Partial<PackageReader> = {}): PackageReader {
  return {
    fetch: async ({ name }) => {
      await turn();
      return Buffer.from(name);
    },
    sizeOf: () => size,
    unpack: async (_candidate, tarball) => new Map([[tarball.toString(), { mode: 0o644, size: 2 }]]),
    ...parts,
  };
}

describe('packages that are got ready ahead', () => {
  it.each([
    ['small', 1],
    ['large', 100_000_000],
  ])('are read once each and given in their order, the %s ones', async (_what, size) => {
    const announced = packages(50);
    const reader = reading(size);
    const read: string[] = [];
    const fetch: PackageReader['fetch'] = (candidate) => {
      read.push(candidate.name);
      return reader.fetch(candidate);
    };
    const queue = createPackageQueue(announced, { ...reader, fetch });
    for (const candidate of announced) expect([...(await queue.take(candidate)).keys()]).toEqual([candidate.name]);
    expect(read).toEqual(announced.map(({ name }) => name));
  });

  it('are never more than memory has room for', async () => {
    const announced = packages(100);
    let fetched = 0;
    let unpacked = 0;
    const reader = reading(2 * 1024 * 1024);
    const queue = createPackageQueue(announced, {
      ...reader,
      fetch: (candidate) => {
        fetched++;
        return reader.fetch(candidate);
      },
      unpack: (candidate, tarball) => {
        unpacked++;
        return reader.unpack(candidate, tarball);
      },
    });
    for (const [taken, candidate] of announced.slice(0, 50).entries()) {
      await queue.take(candidate);
      for (let turns = 0; turns < 3; turns++) await turn();
      expect(fetched - taken - 1).toBeLessThanOrEqual(20);
      expect(unpacked - taken - 1).toBeLessThanOrEqual(3);
    }
    expect(fetched).toBeGreaterThan(60);
    await queue.close();
  });

  it('that cannot be read fail when their turn comes, and not before', async () => {
    const announced = packages(3);
    const unpack: PackageReader['unpack'] = async ({ name }) => {
      if (name === 'p1') throw new Error('p1 is damaged');
      return new Map();
    };
    const queue = createPackageQueue(announced, reading(1, { unpack }));
    const [first, second] = announced as [TarballPackage, TarballPackage];
    await queue.take(first);
    await expect(queue.take(second)).rejects.toThrow('p1 is damaged');
    await queue.close();
  });

  it('are at rest when it is closed', async () => {
    const announced = packages(5);
    let begun = 0;
    let ended = 0;
    const queue = createPackageQueue(
      announced,
      reading(1, {
        fetch: async ({ name }) => {
          begun++;
          for (let turns = 0; name !== 'p0' && turns < 5; turns++) await turn();
          ended++;
          return Buffer.alloc(0);
        },
      }),
    );
    await queue.take(announced[0] as TarballPackage);
    for (let turns = 0; turns < 2; turns++) await turn();
    expect(ended).toBeLessThan(begun);
    await queue.close();
    expect(ended).toBe(begun);
  });
});
