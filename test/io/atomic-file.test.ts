import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { reclaimTemporaryFiles, temporaryName, writeAtomic, writeAtomicSync } from '../../src/io/atomic-file.ts';
import { tempDir } from '../support/temp-dir.ts';

async function* chunks(...texts: readonly string[]): AsyncGenerator<Uint8Array, void> {
  for (const text of texts) yield Buffer.from(text);
}

async function* failingAfter(text: string, error: unknown): AsyncGenerator<Uint8Array, void> {
  yield Buffer.from(text);
  throw error;
}

describe('writeAtomic', () => {
  it('writes bytes and streams, and makes missing parents', async () => {
    const dir = tempDir();
    await writeAtomic(join(dir, 'a/b/bytes'), Buffer.from('one'));
    await writeAtomic(join(dir, 'a/b/stream'), chunks('t', '', 'wo'));
    expect(readFileSync(join(dir, 'a/b/bytes'), 'utf8')).toBe('one');
    expect(readFileSync(join(dir, 'a/b/stream'), 'utf8')).toBe('two');
    expect(readdirSync(join(dir, 'a/b'))).toEqual(['bytes', 'stream']);
  });

  it('replaces what was there only when all of the new content has been read', async () => {
    const path = join(tempDir(), 'file');
    writeFileSync(path, 'old');
    async function* watching(): AsyncGenerator<Uint8Array, void> {
      yield Buffer.from('new');
      expect(readFileSync(path, 'utf8')).toBe('old');
    }
    await writeAtomic(path, watching());
    expect(readFileSync(path, 'utf8')).toBe('new');
  });

  it('leaves the old content and nothing else behind when the source fails', async () => {
    const dir = tempDir();
    writeFileSync(join(dir, 'file'), 'old');
    await expect(writeAtomic(join(dir, 'file'), failingAfter('ne', new Error('cut')))).rejects.toThrow('cut');
    expect(readFileSync(join(dir, 'file'), 'utf8')).toBe('old');
    expect(readdirSync(dir)).toEqual(['file']);
  });

  it("passes the source's error unchanged, also one that looks like the file system's", async () => {
    const reset = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
    await expect(writeAtomic(join(tempDir(), 'file'), failingAfter('', reset))).rejects.toBe(reset);
  });

  it('says what the file system refused, and closes the source', async () => {
    const dir = tempDir();
    writeFileSync(join(dir, 'file'), '');
    const below = join(dir, 'file', 'below');
    await expect(writeAtomic(below, chunks('x'))).rejects.toMatchObject({ family: 'host' });
    mkdirSync(join(dir, 'folder/full'), { recursive: true });
    await expect(writeAtomic(join(dir, 'folder'), chunks('x'))).rejects.toMatchObject({ code: 'HOST_IS_A_DIRECTORY' });
    expect(readdirSync(dir).sort()).toEqual(['file', 'folder']);
  });

  it('lets many writers of one file each write all of it', async () => {
    const path = join(tempDir(), 'file');
    const texts = Array.from({ length: 20 }, (_, index) => String(index).repeat(1000));
    await Promise.all(texts.map((text) => writeAtomic(path, chunks(text.slice(0, 500), text.slice(500)))));
    expect(texts).toContain(readFileSync(path, 'utf8'));
  });
});

describe('writeAtomicSync', () => {
  it('writes, replaces and leaves nothing behind when it cannot', () => {
    const dir = tempDir();
    writeAtomicSync(join(dir, 'a/file'), 'one');
    writeAtomicSync(join(dir, 'a/file'), Buffer.from('two'));
    expect(readFileSync(join(dir, 'a/file'), 'utf8')).toBe('two');
    expect(() => writeAtomicSync(join(dir, 'a'), 'x')).toThrow(
      expect.objectContaining({ code: 'HOST_IS_A_DIRECTORY' }),
    );
    expect(readdirSync(dir)).toEqual(['a']);
    expect(readdirSync(join(dir, 'a'))).toEqual(['file']);
  });
});

describe('temporaryName', () => {
  it('lies beside its file, hidden, and differs each time', () => {
    const names = [temporaryName('/some/file'), temporaryName('/some/file')];
    expect(names[0]).toMatch(/^\/some\/\.file\.[0-9a-f]+\.tmp$/);
    expect(names[0]).not.toBe(names[1]);
  });
});

describe('reclaimTemporaryFiles', () => {
  it('removes what has lain for longer than writing takes, and nothing else', () => {
    const dir = tempDir({ file: 'x', '.hidden.tmp': 'x' });
    const [left, deepLeft, written] = ['left', 'deep/left', 'written'].map((name) => temporaryName(join(dir, name)));
    mkdirSync(join(dir, 'deep'));
    for (const path of [left, deepLeft, written]) writeFileSync(path ?? '', '');
    for (const path of [left, deepLeft, join(dir, 'file'), join(dir, '.hidden.tmp')]) utimesSync(path ?? '', 1, 1);
    reclaimTemporaryFiles(dir, { deep: false });
    expect(readdirSync(dir)).toHaveLength(4);
    expect(readdirSync(join(dir, 'deep'))).toHaveLength(1);
    reclaimTemporaryFiles(dir, { deep: true });
    expect(readdirSync(join(dir, 'deep'))).toEqual([]);
    expect(readdirSync(dir)).toEqual(expect.arrayContaining(['.hidden.tmp', 'deep', 'file']));
  });
});
