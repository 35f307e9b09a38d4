import { describe, expect, it } from 'vitest';
import { createBuilder, eventsOf } from '../support/build.ts';

const Dockerfile = [
  ...['FROM scratch AS Deps', 'COPY a /a', 'FROM scratch AS app', 'COPY --from=deps /a /', 'WORKDIR /x'],
  ...['FROM app', 'WORKDIR /y'],
].join('\n');

describe('noCacheFilter (reference, section 16)', () => {
  it('carries out the steps of the named stages, of any case, and finds all others', async () => {
    const builder = createBuilder();
    const files = { Dockerfile, a: 'a' };
    await builder.build({ files });
    const again = await builder.build({ files, noCacheFilter: ['DEPS', 'stage-2', 'unknown'] });
    expect(eventsOf(again, 'step-cached').map(({ step }) => step.stage)).toEqual(['app', 'app']);
    expect([again.cached, again.executed]).toEqual([2, 2]);
  });

  it('without names changes nothing', async () => {
    const builder = createBuilder();
    const files = { Dockerfile, a: 'a' };
    await builder.build({ files });
    expect((await builder.build({ files, noCacheFilter: [] })).executed).toBe(0);
  });
});
