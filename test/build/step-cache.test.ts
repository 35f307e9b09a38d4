import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CacheableStep } from '../../src/build/cacheable-step.ts';
import { createControl } from '../../src/build/control.ts';
import { resolveSettings } from '../../src/build/defaults.ts';
import type { BuildEvent } from '../../src/build/events.ts';
import type { BuildOptions } from '../../src/build/options.ts';
import { openSession } from '../../src/build/session.ts';
import { createLostSteps } from '../../src/build/shared/lost-steps.ts';
import { createStepCache, type StepCache } from '../../src/build/step-cache.ts';
import { createBuildInputs } from '../../src/build/unchanged/build-inputs.ts';
import type { Ingredient } from '../../src/cache/frame.ts';
import { packLayer } from '../../src/layers/pack.ts';
import { tempDir } from '../support/temp-dir.ts';

const LIMITED: Ingredient = { name: 'host', value: 'single-id' };

interface Cache {
  readonly cache: StepCache;
  readonly events: readonly BuildEvent[];
  /** A step that counts how often it is made. */
  step(name: string, more?: { limits?: readonly Ingredient[]; definition?: string }): CacheableStep;
  readonly made: () => number;
  readonly resolved: () => number;
  close(): Promise<void>;
}

function openCache(options: BuildOptions): Cache {
  const events: BuildEvent[] = [];
  const control = createControl({ onEvent: (event) => events.push(event) });
  const settings = resolveSettings(options);
  const inputs = createBuildInputs(options, settings);
  const session = openSession(options, settings, { ...control, inputs, lostSteps: createLostSteps() });
  let made = 0;
  let resolved = 0;
  return {
    cache: createStepCache(session, { now: () => '1980-02-01T00:00:00Z' }),
    events,
    made: () => made,
    resolved: () => resolved,
    close: async () => session[Symbol.asyncDispose](),
    step: (name, { limits, definition } = {}) => ({
      info: { id: 1, stage: 'stage-0', index: 1, total: 1, text: name, line: 1 },
      recipe: 'test 1',
      ...(definition !== undefined && { definition: [{ name: 'definition', value: definition }] }),
      resolve: async () => {
        resolved++;
        return {
          ingredients: [{ name: 'name', value: name }],
          ...(limits !== undefined && { hostLimits: async () => limits }),
          make: () => {
            made++;
            return packLayer([], session.store, { times: { kind: 'preserve' }, compression: 'gzip' });
          },
        };
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
    expect(first.events).toMatchObject([
      { type: 'cache-miss' },
      { type: 'layer-written', layer: layer.descriptor, uncompressedSize: 1024 },
    ]);
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
      expect(await cache.layerFor(step(name, { limits })), `${name} ${limits.length}`).toMatchObject({ cached });
      await close();
    }
  });

  it('finds a step by its definition without looking at what it reads, also one that led to a known result', async () => {
    const cacheDir = join(tempDir(), 'cache');
    const turns: [definition: string, resolved: number, cached: boolean][] = [
      ['first', 1, false],
      ['first', 0, true],
      ['second', 1, true],
      ['second', 0, true],
    ];
    for (const [definition, times, cached] of turns) {
      const { cache, step, resolved, close } = openCache({ cacheDir });
      expect(await cache.layerFor(step('a', { definition }))).toMatchObject({ cached });
      expect(resolved()).toBe(times);
      await close();
    }
    const { cache, step, resolved, close } = openCache({ cacheDir, noCache: true });
    expect(await cache.layerFor(step('a', { definition: 'first' }))).toMatchObject({ cached: false });
    expect(resolved()).toBe(1);
    await close();
  });

  it('does not find by its definition what a limited host made', async () => {
    const cacheDir = join(tempDir(), 'cache');
    const turns: [limits: readonly Ingredient[], made: number][] = [
      [[LIMITED], 1],
      [[], 1],
      [[LIMITED], 0],
    ];
    for (const [limits, times] of turns) {
      const { cache, step, close, made } = openCache({ cacheDir });
      await cache.layerFor(step('a', { limits, definition: 'a' }));
      expect(made()).toBe(times);
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
