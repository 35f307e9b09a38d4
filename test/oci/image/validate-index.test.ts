import { describe, expect, it } from 'vitest';
import type { Descriptor } from '../../../src/core/image.ts';
import { MediaType } from '../../../src/core/media-types.ts';
import { formatIndex } from '../../../src/oci/image/manifest.ts';
import { validateIndex } from '../../../src/oci/image/validate-index.ts';
import { createMemoryStore } from '../../../src/store/memory-store.ts';
import { bytesOf } from '../../../src/store/read.ts';
import { makeImage } from '../../support/images.ts';

const AMD64 = { os: 'linux', architecture: 'amd64' };
const ARM64 = { os: 'linux', architecture: 'arm64' };

async function problemsOf(change: (amd: Descriptor, arm: Descriptor) => readonly Descriptor[]): Promise<string[]> {
  const store = createMemoryStore();
  const amd = await makeImage(store);
  const arm = await makeImage(store, { config: { architecture: 'arm64' } });
  const manifests = change({ ...amd.descriptor, platform: AMD64 }, { ...arm.descriptor, platform: ARM64 });
  const written = await store.write(bytesOf(formatIndex(manifests)));
  return await validateIndex(store, { mediaType: MediaType.ociIndex, ...written });
}

describe('validateIndex', () => {
  it('has nothing to say of an index of whole images', async () => {
    expect(await problemsOf((amd, arm) => [amd, arm])).toEqual([]);
  });

  it('says which platform stands there twice', async () => {
    expect(await problemsOf((amd) => [amd, amd])).toEqual(['linux/amd64 stands there twice']);
  });

  it('says that an image is for another platform than the index says', async () => {
    expect(await problemsOf((amd) => [{ ...amd, platform: ARM64 }])).toEqual([
      'linux/arm64: the configuration is for linux/amd64',
    ]);
  });

  it('says that a platform is missing', async () => {
    const [problem] = await problemsOf(({ platform: _, ...amd }) => [amd]);
    expect(problem).toMatch(/^sha256:[0-9a-f]+: it has no platform$/);
  });
});
