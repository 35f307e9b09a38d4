import { describe, expect, it } from 'vitest';
import { MediaType } from '../../../src/core/media-types.ts';
import { readImage } from '../../../src/oci/image/read-image.ts';
import { validateImage } from '../../../src/oci/image/validate.ts';
import { createMemoryStore } from '../../../src/store/memory-store.ts';
import { readAll } from '../../../src/store/read.ts';
import { makeImage, makeLayer, makeTar } from '../../support/images.ts';

describe('assembleImage', () => {
  it('writes what readImage reads', async () => {
    const store = createMemoryStore();
    const image = await makeImage(store);
    expect(await readImage(store, image.descriptor)).toEqual(image);
    expect(await validateImage(store, image.descriptor)).toEqual([]);
  });

  it('writes a manifest as the specification and other tools have it', async () => {
    const store = createMemoryStore();
    const { descriptor, layers } = await makeImage(store);
    const manifest = JSON.parse(String(await readAll(store, descriptor)));
    expect(Object.keys(manifest)).toEqual(['schemaVersion', 'mediaType', 'config', 'layers']);
    expect(manifest).toMatchObject({
      schemaVersion: 2,
      mediaType: MediaType.ociManifest,
      layers: [layers[0]?.descriptor],
    });
  });

  it('takes the diff IDs from the layers', async () => {
    const store = createMemoryStore();
    const layers = [await makeLayer(store, makeTar({ a: 'a' })), await makeLayer(store, makeTar({ b: 'b' }), 'zstd')];
    const image = await makeImage(store, { layers });
    expect(image.config.rootfs.diff_ids).toEqual(layers.map(({ diffId }) => diffId));
  });

  it('gives equal bytes for equal values, whatever their order', async () => {
    const store = createMemoryStore();
    const one = await makeImage(store, {
      config: { author: 'a', config: { Labels: { x: '1', a: '2' }, Cmd: ['sh'], Env: ['A=1'], Extra: 1, Also: 2 } },
    });
    const other = await makeImage(store, {
      config: { config: { Also: 2, Env: ['A=1'], Extra: 1, Cmd: ['sh'], Labels: { a: '2', x: '1' } }, author: 'a' },
    });
    expect(other.descriptor).toEqual(one.descriptor);
  });

  it('orders the members of a configuration, known ones first, and leaves out what is undefined', async () => {
    const store = createMemoryStore();
    const config = {
      os: 'linux',
      zzz: 1,
      'os.features': ['a'],
      config: { Shell: ['sh'], User: 'u', StopSignal: undefined },
    };
    const { descriptor } = await makeImage(store, { config: config as never });
    const manifest = JSON.parse(String(await readAll(store, descriptor)));
    const written = JSON.parse(String(await readAll(store, manifest.config)));
    expect(Object.keys(written).join()).toBe('created,architecture,os,config,rootfs,history,os.features,zzz');
    expect(Object.keys(written.config)).toEqual(['User', 'Shell']);
  });
});
