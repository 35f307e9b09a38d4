import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toDiffId } from '../../../src/core/digest.ts';
import type { ImageConfig } from '../../../src/core/image.ts';
import { completeHistory, countLayers } from '../../../src/oci/image/history.ts';

const DIFF_ID = toDiffId(`sha256:${'1'.repeat(64)}`);

function config(layers: number, history?: ImageConfig['history']): ImageConfig {
  const diffIds = Array.from({ length: layers }, () => DIFF_ID);
  return {
    os: 'linux',
    architecture: 'amd64',
    rootfs: { type: 'layers', diff_ids: diffIds },
    ...(history && { history }),
  };
}

describe('completeHistory', () => {
  it('leaves a complete history as it is', () => {
    const complete = config(1, [{ created_by: 'a' }, { created_by: 'b', empty_layer: true }]);
    expect(completeHistory(complete)).toBe(complete);
  });

  it('adds what is missing after what there is', () => {
    const { history } = completeHistory(config(2, [{ created_by: 'a' }]));
    expect(history).toEqual([{ created_by: 'a' }, { comment: 'layer without history' }]);
  });

  it('says of surplus items, from the end, that they are empty', () => {
    const { history } = completeHistory(config(1, [{ created_by: 'a' }, { created_by: 'b' }]));
    expect(history).toEqual([{ created_by: 'a' }, { created_by: 'b', empty_layer: true }]);
  });

  it('always gives one item for each layer', () => {
    const item = fc.record({ empty_layer: fc.boolean() });
    fc.assert(
      fc.property(fc.nat(5), fc.option(fc.array(item), { nil: undefined }), (layers, history) => {
        expect(countLayers(completeHistory(config(layers, history)).history ?? [])).toBe(layers);
      }),
    );
  });
});
