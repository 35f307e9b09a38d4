import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { toDigest } from '../../src/core/digest.ts';
import { createBlobStore } from '../../src/store/blob-store.ts';
import { bytesOf, readAll } from '../../src/store/read.ts';
import { tempDir } from '../support/temp-dir.ts';

const HELLO = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824';

describe('createBlobStore', () => {
  it('lays content out as an OCI image layout does', async () => {
    const root = tempDir();
    const store = createBlobStore(root);
    const { digest } = await store.write(bytesOf('hello'));
    expect(digest).toBe(`sha256:${HELLO}`);
    expect(store.pathOf(digest)).toBe(join(root, 'blobs/sha256', HELLO));
    expect(readFileSync(store.pathOf(digest), 'utf8')).toBe('hello');
  });

  it('reads content that another tool put there', async () => {
    const root = tempDir();
    mkdirSync(join(root, 'blobs/sha256'), { recursive: true });
    writeFileSync(join(root, 'blobs/sha256', HELLO), 'hello');
    const store = createBlobStore(root);
    expect((await readAll(store, { digest: toDigest(HELLO), size: 5 })).toString()).toBe('hello');
  });

  it('lists no file that is not named by a digest', async () => {
    const root = tempDir();
    const store = createBlobStore(root);
    const { digest } = await store.write(bytesOf('hello'));
    writeFileSync(join(root, 'blobs/sha256/README'), 'x');
    writeFileSync(join(root, 'blobs/sha256', `${HELLO}.tmp`), 'x');
    expect(await Array.fromAsync(store.list())).toEqual([digest]);
  });

  it('keeps unfinished content in the folder that it was given', async () => {
    const root = tempDir();
    const store = createBlobStore(root, { ingestDir: join(root, 'elsewhere') });
    async function* watching(): AsyncGenerator<Uint8Array, void> {
      yield Buffer.from('hello');
      expect(readdirSync(join(root, 'elsewhere'))).toHaveLength(1);
    }
    await store.write(watching());
    expect(readdirSync(root).sort()).toEqual(['blobs', 'elsewhere']);
    expect(readdirSync(join(root, 'elsewhere'))).toEqual([]);
  });

  it('says what the file system refused', async () => {
    const file = join(tempDir(), 'file');
    writeFileSync(file, '');
    const store = createBlobStore(file);
    await expect(store.write(bytesOf('hello'))).rejects.toMatchObject({ family: 'host', code: 'HOST_NOT_A_DIRECTORY' });
  });
});
