import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chooseItems } from '../../../src/build/care/choose.ts';
import type { CacheItem } from '../../../src/build/care/item.ts';

const NOW = 1_000_000;

const item: fc.Arbitrary<CacheItem> = fc.record({
  kind: fc.constantFrom('layer', 'image', 'directory', 'mount', 'other'),
  id: fc.uuid(),
  size: fc.nat({ max: 1000 }),
  usedMs: fc.nat({ max: NOW }),
  text: fc.constant(''),
  reachedBy: fc.constantFrom('named', 'cache', 'nothing'),
});

const items = fc.uniqueArray(item, { selector: ({ id }) => id, maxLength: 30 });

const limits = fc.record(
  { all: fc.boolean(), olderThanMs: fc.nat({ max: NOW }), maxSize: fc.nat({ max: 20_000 }) },
  { requiredKeys: [] },
);

function sizeOf(list: readonly CacheItem[]): number {
  return list.reduce((sum, { size }) => sum + size, 0);
}

test('what a name needs and what is in use always stays, what nobody reaches never does', () => {
  fc.assert(
    fc.property(items, limits, fc.func(fc.boolean()), (list, limit, inUse) => {
      const chosen = chooseItems(list, limit, { nowMs: NOW, isInUse: ({ id }) => inUse(id) });
      expect(chosen.filter(({ reachedBy, id }) => reachedBy === 'named' || inUse(id))).toEqual([]);
      const unreachable = list.filter(({ reachedBy, id }) => reachedBy === 'nothing' && !inUse(id));
      expect(chosen).toEqual(expect.arrayContaining(unreachable));
    }),
  );
});

test('no more is left than asked for, but for what must stay, and nothing is taken beyond need', () => {
  fc.assert(
    fc.property(items, fc.nat({ max: 20_000 }), (list, maxSize) => {
      const chosen = chooseItems(list, { maxSize }, { nowMs: NOW, isInUse: () => false });
      const left = list.filter((candidate) => !chosen.includes(candidate));
      if (left.some(({ reachedBy }) => reachedBy !== 'named')) expect(sizeOf(left)).toBeLessThanOrEqual(maxSize);
      const last = chosen.findLast(({ reachedBy }) => reachedBy === 'cache');
      if (last !== undefined) expect(sizeOf(left) + last.size).toBeGreaterThan(maxSize);
      const newestTaken = Math.max(
        ...chosen.filter(({ reachedBy }) => reachedBy === 'cache').map(({ usedMs }) => usedMs),
      );
      for (const { reachedBy, usedMs } of left)
        if (reachedBy === 'cache') expect(usedMs).toBeGreaterThanOrEqual(newestTaken);
    }),
  );
});

test('what was not used for so long is taken, and with all everything that may be', () => {
  fc.assert(
    fc.property(items, fc.nat({ max: NOW }), (list, olderThanMs) => {
      const ids = (limit: object): string[] =>
        chooseItems(list, limit, { nowMs: NOW, isInUse: () => false })
          .map(({ id }) => id)
          .sort();
      const old = list.filter(
        ({ reachedBy, usedMs }) => reachedBy === 'nothing' || (reachedBy === 'cache' && NOW - usedMs >= olderThanMs),
      );
      expect(ids({ olderThanMs })).toEqual(old.map(({ id }) => id).sort());
      expect(ids({ all: true })).toEqual(
        list
          .filter(({ reachedBy }) => reachedBy !== 'named')
          .map(({ id }) => id)
          .sort(),
      );
    }),
  );
});
