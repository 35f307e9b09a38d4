import { createHash, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Digest, toDigest } from '../../src/core/digest.ts';
import { ContentError } from '../../src/core/errors.ts';
import type { ContentStore, Written } from '../../src/core/ports.ts';
import { bytesOf, readAll } from '../../src/store/read.ts';

export interface StoreUnderTest {
  readonly store: ContentStore;
  /** Changes content behind the store's back; absent where nobody can. */
  corrupt?(digest: Digest, content: Uint8Array): void;
  /** Files that the store holds besides whole content; absent where there are no files. */
  leftovers?(): readonly string[];
}

/** What every {@link ContentStore} promises (src/core/ports.ts). `make` gives an empty store of the running test's own. */
export function describeContentStore(name: string, make: () => StoreUnderTest): void {
  describe(`${name} as a content store`, () => {
    describeWriting(make);
    describeReading(make);
    describeListing(make);
  });
}

function describeWriting(make: () => StoreUnderTest): void {
  it('gives back what was written, of any size and however it is cut', async () => {
    const { store } = make();
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 3000 }), { maxLength: 6 }), async (chunks) => {
        const whole = Buffer.concat(chunks);
        const written = await store.write(bytesOf(...chunks));
        expect(written).toEqual(tally(whole));
        expect(await readAll(store, written)).toEqual(whole);
      }),
      { numRuns: 40 },
    );
  });

  it('does not keep the buffers that it was given', async () => {
    const { store } = make();
    const recycled = Buffer.alloc(4);
    async function* chunks(): AsyncGenerator<Uint8Array, void> {
      for (const text of ['one ', 'two ', 'three'.slice(0, 4)]) {
        recycled.write(text);
        yield recycled;
      }
    }
    expect(await readAll(store, await store.write(chunks()))).toEqual(Buffer.from('one two thre'));
  });

  it('takes the same content again, with and without its descriptor', async () => {
    const { store } = make();
    const first = await store.write(bytesOf('same'));
    expect(await store.write(bytesOf('same'))).toEqual(first);
    expect(await store.write(bytesOf('same'), first)).toEqual(first);
    expect(await store.write(bytesOf('same'), { digest: first.digest })).toEqual(first);
    expect(await listed(store)).toEqual([first.digest]);
  });

  it.each<[string, Partial<Written>, string]>([
    ['another digest', { digest: tally(Buffer.from('other')).digest }, 'CONTENT_DIGEST_MISMATCH'],
    ['fewer bytes', { size: 8 }, 'CONTENT_SIZE_MISMATCH'],
    ['more bytes', { size: 6 }, 'CONTENT_SIZE_MISMATCH'],
    ['no bytes', { size: 0 }, 'CONTENT_SIZE_MISMATCH'],
  ])('refuses content when %s were promised, and keeps none of it', async (_, expected, code) => {
    const { store, leftovers } = make();
    const error = await store.write(bytesOf('con', 'tent'), expected).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ContentError);
    expect(error).toMatchObject({ code, expected: expected.size ?? expected.digest });
    expect(await listed(store)).toEqual([]);
    expect(leftovers?.() ?? []).toEqual([]);
  });

  it('stops reading a source that gives more than was promised', async () => {
    const { store } = make();
    let given = 0;
    let closed = false;
    async function* endless(): AsyncGenerator<Uint8Array, void> {
      try {
        for (;;) {
          given++;
          yield Buffer.alloc(1000);
        }
      } finally {
        closed = true;
      }
    }
    await expect(store.write(endless(), { size: 2500 })).rejects.toMatchObject({ code: 'CONTENT_SIZE_MISMATCH' });
    expect(given).toBe(3);
    expect(closed).toBe(true);
  });

  it('leaves nothing of a source that fails or is aborted, and passes its error unchanged', async () => {
    const { store, leftovers } = make();
    for (const error of [new Error('cut'), AbortSignal.abort().reason, systemError('ECONNRESET')]) {
      await expect(store.write(failingWith(error))).rejects.toBe(error);
    }
    expect(await listed(store)).toEqual([]);
    expect(leftovers?.() ?? []).toEqual([]);
  });

  it('takes one blob from many writers at once while others read it', async () => {
    const { store, leftovers } = make();
    const content = randomBytes(300_000);
    const expected = tally(content);
    const writers = Array.from({ length: 12 }, (_, index) =>
      store.write(inChunks(content, 10_000 + index), index % 2 === 0 ? expected : {}),
    );
    const first = await Promise.race(writers);
    const readers = Array.from({ length: 4 }, () => readAll(store, first));
    expect(await Promise.all(writers)).toEqual(writers.map(() => expected));
    for (const read of await Promise.all(readers)) expect(read.equals(content)).toBe(true);
    expect(leftovers?.() ?? []).toEqual([]);
  });
}

function describeReading(make: () => StoreUnderTest): void {
  it('starts a fresh read each time', async () => {
    const { store } = make();
    const written = await store.write(bytesOf('twice'));
    const bytes = store.read(written);
    for (let time = 0; time < 2; time++) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of bytes) chunks.push(chunk);
      expect(Buffer.concat(chunks).toString()).toBe('twice');
    }
  });

  it('says when content is not there', async () => {
    const { store } = make();
    const missing = tally(Buffer.from('missing'));
    expect(await store.has(missing)).toBe(false);
    await expect(readAll(store, missing)).rejects.toMatchObject({
      code: 'CONTENT_NOT_FOUND',
      expected: missing.digest,
      hint: expect.any(String),
    });
  });

  it('checks the size that the descriptor gives', async () => {
    const { store } = make();
    const { digest } = await store.write(bytesOf('content'));
    for (const size of [6, 8]) {
      await expect(readAll(store, { digest, size })).rejects.toMatchObject({ code: 'CONTENT_SIZE_MISMATCH' });
    }
  });

  it('has only what is whole', async () => {
    const { store, corrupt } = make();
    const written = await store.write(bytesOf('content'));
    expect(await store.has({ ...written, size: 8 })).toBe(false);
    if (corrupt === undefined) return;
    corrupt(written.digest, Buffer.from('cont'));
    expect(await store.has(written)).toBe(false);
  });

  it('finds damaged content at the end of the read', async () => {
    const { store, corrupt } = make();
    const written = await store.write(bytesOf('content'));
    if (corrupt === undefined) return;
    corrupt(written.digest, Buffer.from('CONTENT'));
    await expect(readAll(store, written)).rejects.toMatchObject({ code: 'CONTENT_DIGEST_MISMATCH' });
    corrupt(written.digest, Buffer.from('cont'));
    await expect(readAll(store, written)).rejects.toMatchObject({ code: 'CONTENT_SIZE_MISMATCH' });
  });

  it('heals content of the wrong size when it is written again', async () => {
    const { store, corrupt } = make();
    const written = await store.write(bytesOf('content'));
    corrupt?.(written.digest, Buffer.from('cont'));
    await store.write(bytesOf('content'), written);
    expect((await readAll(store, written)).toString()).toBe('content');
  });

  it('lets a reader stop in the middle', async () => {
    const { store } = make();
    const written = await store.write(bytesOf(Buffer.alloc(3 << 20)));
    for await (const chunk of store.read(written)) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    await store.delete(written.digest);
    expect(await store.has(written)).toBe(false);
  });
}

function describeListing(make: () => StoreUnderTest): void {
  it('lists what it has, in order, and nothing else', async () => {
    const { store } = make();
    expect(await listed(store)).toEqual([]);
    const digests: Digest[] = [];
    for (const text of ['a', 'b', 'c', 'd']) {
      const written = await store.write(bytesOf(text));
      expect(await store.has(written)).toBe(true);
      digests.push(written.digest);
    }
    expect(await listed(store)).toEqual(digests.sort());
  });

  it('deletes content, also what is not there', async () => {
    const { store } = make();
    const kept = await store.write(bytesOf('kept'));
    const gone = await store.write(bytesOf('gone'));
    await store.delete(gone.digest);
    await store.delete(gone.digest);
    expect(await listed(store)).toEqual([kept.digest]);
    await expect(readAll(store, gone)).rejects.toMatchObject({ code: 'CONTENT_NOT_FOUND' });
  });
}

function tally(content: Uint8Array): Written {
  return { digest: toDigest(createHash('sha256').update(content).digest('hex')), size: content.length };
}

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

async function* failingWith(error: unknown): AsyncGenerator<Uint8Array, void> {
  yield Buffer.from('the first half');
  throw error;
}

async function* inChunks(content: Uint8Array, length: number): AsyncGenerator<Uint8Array, void> {
  for (let at = 0; at < content.length; at += length) yield content.subarray(at, at + length);
}

async function listed(store: ContentStore): Promise<Digest[]> {
  return await Array.fromAsync(store.list());
}
