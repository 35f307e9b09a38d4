import { describe, expect, it } from 'vitest';
import { createBuilder } from '../../support/build.ts';
import { startRegistry } from '../../support/registry/server.ts';
import { FILES, machine } from '../../support/shared-cache.ts';

describe('an inline cache', () => {
  it('is asked for by a build argument, too', async () => {
    const files = FILES;
    const asked = await createBuilder().build({ files, cacheTo: [{ type: 'inline' }] });
    const argument = { BUILDKIT_INLINE_CACHE: '1' };
    const { image } = await createBuilder().build({ files, buildArgs: argument });
    expect(image).toEqual(asked.image);
    expect(image).not.toEqual((await createBuilder().build({ files })).image);
  });

  it('travels in the image, and gives its steps to another machine', async () => {
    const registry = await startRegistry();
    const ref = `${registry.host}/team/app:1`;
    const first = await machine()({
      tags: [ref],
      outputs: [{ type: 'registry' }],
      cacheTo: [{ type: 'inline' }],
    });
    const second = await machine()({
      tags: [ref],
      cacheFrom: [{ type: 'registry', ref }],
      cacheTo: [{ type: 'inline' }],
    });
    expect([second.cached, second.executed]).toEqual([2, 2]);
    expect(second.image.descriptor).toEqual(first.image.descriptor);
  });

  it('is not inherited by images that are built on top', async () => {
    const builder = createBuilder();
    await builder.build({ files: FILES, tags: ['base:1'], cacheTo: [{ type: 'inline' }] });
    const { image } = await builder.build({ dockerfileText: 'FROM base:1\nWORKDIR /more\n', files: {} });
    expect(JSON.stringify(image.config)).not.toContain('dev.lamella.cache');
  });
});
