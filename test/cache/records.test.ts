import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { frameKey, type Ingredient } from '../../src/cache/frame.ts';
import { createLongValues } from '../../src/cache/long-values.ts';
import { type CacheRecords, createCacheRecords, type NewRecord } from '../../src/cache/records.ts';
import { toDiffId } from '../../src/core/digest.ts';
import { tempDir } from '../support/temp-dir.ts';
import { textListOf } from '../support/text-list-of.ts';

const KEY = frameKey('test', []);

function recordOf(step: string): NewRecord {
  return {
    key: KEY,
    diffId: toDiffId(`sha256:${'1'.repeat(64)}`),
    created: '1980-02-01T00:00:00Z',
    step,
    ingredients: [{ name: 'argv', value: ['a', 'b'] }],
  };
}

function openRecords(directory: string, longDirectory: string = tempDir()): CacheRecords {
  return createCacheRecords(directory, createLongValues(longDirectory));
}

/** The only file below a folder. */
function onlyFile(directory: string): string {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  expect(files).toHaveLength(1);
  return join(files[0]?.parentPath ?? '', files[0]?.name ?? '');
}

describe('createCacheRecords', () => {
  it('finds what it recorded, also from another process', () => {
    const directory = join(tempDir(), 'records');
    openRecords(directory).record(recordOf('RUN true'));
    expect(openRecords(directory).lookup(KEY)).toEqual({ version: 1, ...recordOf('RUN true') });
  });

  it('finds nothing for another key or in an empty folder', () => {
    const records = openRecords(join(tempDir(), 'records'));
    expect(records.lookup(KEY)).toBeUndefined();
    records.record(recordOf('RUN true'));
    expect(records.lookup(frameKey('other', []))).toBeUndefined();
  });

  it('replaces the record of a key', () => {
    const records = openRecords(tempDir());
    records.record(recordOf('RUN one'));
    records.record(recordOf('RUN two'));
    expect(records.lookup(KEY)?.step).toBe('RUN two');
  });

  test.each([
    ['cut short', (text: string) => text.slice(0, -10)],
    ['empty', () => ''],
    ['not an object', () => 'null'],
    ['of another version', (text: string) => text.replace('"version":1', '"version":2')],
    ['under the key of another', (text: string) => text.replace(KEY, frameKey('other', []))],
    ['without a diff ID', (text: string) => text.replace('"diffId"', '"diffID"')],
    ['with a diff ID that is none', (text: string) => text.replace('1'.repeat(64), 'xyz')],
  ])('takes a file that is %s for no record, and records again', (_, damage) => {
    const directory = tempDir();
    const records = openRecords(directory);
    records.record(recordOf('RUN one'));
    const file = onlyFile(directory);
    writeFileSync(file, damage(readFileSync(file, 'utf8')));
    expect(records.lookup(KEY)).toBeUndefined();
    records.record(recordOf('RUN two'));
    expect(records.lookup(KEY)?.step).toBe('RUN two');
  });

  it('takes a folder in the place of a record for no record', () => {
    const directory = tempDir();
    const records = openRecords(directory);
    const hex = KEY.slice('sha256:'.length);
    mkdirSync(join(directory, `${hex}.json`), { recursive: true });
    expect(records.lookup(KEY)).toBeUndefined();
  });

  it('keeps a long ingredient as its digest, which another value does not have', () => {
    const records = openRecords(tempDir());
    const digests = ['a', 'b'].map((name) => {
      const value = Array.from({ length: 1000 }, (_, at) => `${name} ${at}`);
      records.record({ ...recordOf('COPY'), ingredients: [{ name: 'sources', value }] });
      return records.lookup(KEY)?.ingredients;
    });
    expect(digests[0]).toEqual([{ name: 'sources', digest: expect.stringMatching(/^sha256:/) }]);
    expect(digests[1]).not.toEqual(digests[0]);
  });

  it.each([
    ['strings', (texts: readonly string[]) => texts],
    ['texts in pieces of memory', textListOf],
  ])('recalls long values and remarks, their digests cut, and short ones as they were: %s', (_, listOf) => {
    const digest = `sha256:${'ab'.repeat(32)}`;
    const files = Array.from({ length: 1000 }, (_, at) => `${at} ${digest}`);
    const text = 'long '.repeat(2000);
    const ingredients: Ingredient[] = [
      { name: 'argv', value: ['a'] },
      { name: 'files', value: listOf(files) },
      { name: 'text', value: text },
      { name: 'binary', value: listOf([`\0${text}`]) },
    ];
    const remarks: Ingredient[] = [
      { name: 'shown', value: listOf(files) },
      { name: 'args', value: ['A'] },
    ];
    const [directory, longDirectory] = [tempDir(), tempDir()];
    openRecords(directory, longDirectory).record({ ...recordOf('COPY'), recipe: 'copy 1', ingredients, remarks });
    const records = openRecords(directory, longDirectory);
    const cut = files.map((file) => file.slice(0, -52));
    expect(records.recall(KEY)).toMatchObject({
      recipe: 'copy 1',
      ingredients: [
        ingredients[0],
        { name: 'files', value: cut },
        ingredients[2],
        { name: 'binary', digest: expect.stringMatching(/^sha256:/) },
      ],
      remarks: [{ name: 'shown', value: cut }, remarks[1]],
    });
    expect(statSync(onlyFile(longDirectory)).size).toBeLessThan(20_000);
    writeFileSync(onlyFile(longDirectory), 'damaged');
    expect(records.recall(KEY)?.ingredients[1]).toEqual({ name: 'files', digest: expect.anything() });
  });

  it('writes JSON that people and other machines can read', () => {
    const directory = tempDir();
    openRecords(directory).record(recordOf('RUN true'));
    expect(JSON.parse(readFileSync(onlyFile(directory), 'utf8'))).toEqual({ version: 1, ...recordOf('RUN true') });
  });
});
