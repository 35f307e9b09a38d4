import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { createBlobIndex } from '../../src/cache/blob-index.ts';
import { toDiffId, toDigest } from '../../src/core/digest.ts';
import type { Descriptor } from '../../src/core/image.ts';
import { MediaType } from '../../src/core/media-types.ts';
import { tempDir } from '../support/temp-dir.ts';

const DIFF_ID = toDiffId(`sha256:${'a'.repeat(64)}`);

function blob(hexDigit: string): Descriptor {
  return { mediaType: MediaType.ociLayerGzip, digest: toDigest(hexDigit.repeat(64)), size: 42 };
}

describe('createBlobIndex', () => {
  it('keeps one blob for each diff ID and recipe', () => {
    const directory = tempDir();
    const index = createBlobIndex(directory);
    index.record(DIFF_ID, 'gzip 6', blob('1'));
    index.record(DIFF_ID, 'zstd 3', blob('2'));
    const again = createBlobIndex(directory);
    expect(again.lookup(DIFF_ID, 'gzip 6')).toEqual(blob('1'));
    expect(again.lookup(DIFF_ID, 'zstd 3')).toEqual(blob('2'));
    expect(again.lookup(DIFF_ID, 'none')).toBeUndefined();
    expect(again.lookup(toDiffId(`sha256:${'b'.repeat(64)}`), 'gzip 6')).toBeUndefined();
  });

  it('lists the blobs of a diff ID, whatever their recipe', () => {
    const directory = tempDir();
    const index = createBlobIndex(directory);
    expect(index.list(DIFF_ID)).toEqual([]);
    index.record(DIFF_ID, 'gzip 6', blob('1'));
    index.record(DIFF_ID, 'zstd 3', blob('2'));
    expect(new Set(index.list(DIFF_ID))).toEqual(new Set([blob('1'), blob('2')]));
  });

  it('replaces the blob of a recipe', () => {
    const index = createBlobIndex(tempDir());
    index.record(DIFF_ID, 'gzip 6', blob('1'));
    index.record(DIFF_ID, 'gzip 6', blob('2'));
    expect(index.lookup(DIFF_ID, 'gzip 6')).toEqual(blob('2'));
  });

  test.each([
    ['cut short', (text: string) => text.slice(0, -10)],
    ['of another version', (text: string) => text.replace('"version":1', '"version":7')],
    ['of another recipe', (text: string) => text.replace('gzip 6', 'gzip 9')],
    ['without a blob', (text: string) => text.replace('"blob"', '"blub"')],
  ])('takes a file that is %s for none', (_, damage) => {
    const directory = tempDir();
    const index = createBlobIndex(directory);
    index.record(DIFF_ID, 'gzip 6', blob('1'));
    const [file] = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const path = join(file?.parentPath ?? '', file?.name ?? '');
    writeFileSync(path, damage(readFileSync(path, 'utf8')));
    expect(index.lookup(DIFF_ID, 'gzip 6')).toBeUndefined();
  });
});
