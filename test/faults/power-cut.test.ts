import { existsSync, readdirSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { verifyCache } from '../../src/index.ts';
import { createBuilder } from '../support/build.ts';
import { tempDir } from '../support/temp-dir.ts';

const registry = process.env.LAMELLA_TEST_REGISTRY ?? '';
const RECORDS = ['records', 'definitions', 'blobs', 'blocks', 'tocs', 'pulled', 'unchanged'];

/** What a file system may leave of a file that was renamed into place before its content was on the disk. */
function empty(path: string): void {
  if (!existsSync(path)) return;
  for (const entry of readdirSync(path, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) truncateSync(join(entry.parentPath, entry.name));
  }
}

describe('a power cut that leaves files without their content', () => {
  test.each([
    ['records', RECORDS],
    ['content', [join('store', 'blobs')]],
    ['records and content', [...RECORDS, join('store', 'blobs')]],
  ])('does no harm to what is built afterwards: %s', async (_, folders) => {
    const context = tempDir({ f: 'x'.repeat(100_000) });
    const dockerfileText = `FROM ${registry}/busybox:latest\nCOPY f /f\nRUN echo y > /g\n`;
    const builder = createBuilder();
    const before = await builder.build({ context, dockerfileText });
    for (const folder of folders) empty(join(builder.cacheDir, folder));
    const after = await builder.build({ context, dockerfileText });
    expect(after.image).toEqual(before.image);
    expect((await verifyCache({ cacheDir: builder.cacheDir })).damage).toEqual([]);
  });
});
