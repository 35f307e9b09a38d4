import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createControl } from '../../src/build/control.ts';
import { resolveSettings } from '../../src/build/defaults.ts';
import type { BuildEvent } from '../../src/build/events.ts';
import type { BuildOptions } from '../../src/build/options.ts';
import { openSession } from '../../src/build/session.ts';
import { type CacheableStep, createStepCache, type StepCache } from '../../src/build/step-cache.ts';
import type { Ingredient } from '../../src/cache/frame.ts';
import { packLayer } from '../../src/layers/pack.ts';
import { tempDir } from '../support/temp-dir.ts';

const LIMITED: Ingredient = { name: 'host', value: 'single-id' };

interface Cache {
  readonly cache: StepCache;
  readonly events: readonly BuildEvent[];
  /** A step that counts how often it is made. */
  step(name: string, limits?: readonly Ingredient[]): CacheableStep;
  readonly made: () => number;
  close(): Promise<void>;
}

function openCache(options: BuildOptions): Cache {
  const events: BuildEvent[] = [];
  const control = createControl({ onEvent: (event) => events.push(event) });
  const session = openSession(options, resolveSettings(options), control);
  let made = 0;
  return {
    cache: createStepCache(session, () => '1980-02-01T00:00:00Z'),
    events,
    made: () => made,
    close: async () => session[Symbol.asyncDispose](),
    step: (name, limits) => ({
      info: { id: 1, stage: 'stage-0', index: 1, total: 1, text: name, line: 1 },
      recipe: 'test 1',
      ingredients: [{ name: 'name', value: name }],
      ...(limits !== undefined && { hostLimits: async () => limits }),
      make: () => {
        made++;
        return packLayer([], session.store, { times: { kind: 'preserve' }, compression: 'gzip' });
      },
    }),
  };
}

describe('the step cache', () => {
  it('carries out equal steps of one build once, also when they run at the same time', async () => {
    const { cache, step, made, close } = openCache({ cacheDir: join(tempDir(), 'cache') });
    const results = await Promise.all([
      cache.layerFor(step('a')),
      cache.layerFor(step('a')),
      cache.layerFor(step('b')),
    ]);
    expect(results.map(({ cached }) => cached)).toEqual([false, true, false]);
    expect(made()).toBe(2);
    expect(cache.counts()).toEqual({ cached: 1, executed: 2 });
    await close();
  });

  it('says of each layer that it wrote, and of each step that it did not carry out', async () => {
    const cacheDir = join(tempDir(), 'cache');
    const first = openCache({ cacheDir });
    const { layer, key } = await first.cache.layerFor(first.step('a'));
    await first.close();
    expect(first.events).toMatchObject([{ type: 'layer-written', layer: layer.descriptor, uncompressedSize: 1024 }]);
    const second = openCache({ cacheDir });
    expect(await second.cache.layerFor(second.step('a'))).toMatchObject({ layer, key, cached: true });
    await second.close();
    expect(second.events).toMatchObject([{ type: 'step-cached', key }]);
  });

  it('keeps what a limited host made to such hosts, and gives them what others made', async () => {
    const cacheDir = join(tempDir(), 'cache');
    const turns: [name: string, limits: readonly Ingredient[], cached: boolean][] = [
      ['a', [LIMITED], false],
      ['a', [LIMITED], true],
      ['a', [], false],
      ['a', [], true],
      ['b', [], false],
      ['b', [LIMITED], true],
    ];
    for (const [name, limits, cached] of turns) {
      const { cache, step, close } = openCache({ cacheDir });
      expect(await cache.layerFor(step(name, limits)), `${name} ${limits.length}`).toMatchObject({ cached });
      await close();
    }
  });

  it('reads no record under noCache, and writes them', async () => {
    const cacheDir = join(tempDir(), 'cache');
    for (const [noCache, cached] of [
      [true, false],
      [false, true],
      [true, false],
    ] as const) {
      const { cache, step, close } = openCache({ cacheDir, noCache });
      expect(await cache.layerFor(step('a'))).toMatchObject({ cached });
      await close();
    }
  });
});
