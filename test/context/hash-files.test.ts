import { createHash } from 'node:crypto';
import { rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDirectoryContext } from '../../src/context/directory-context.ts';
import { hashFiles } from '../../src/context/hash-files.ts';
import { openStatCache } from '../../src/context/stat-cache.ts';
import { toDigest } from '../../src/core/digest.ts';
import type { TreeNode } from '../../src/core/tree.ts';
import { tempDir } from '../support/temp-dir.ts';

const sha256 = (bytes: string | Uint8Array) => toDigest(createHash('sha256').update(bytes).digest('hex'));
const LATER = () => Date.now() + 60_000;

function nodesOf(root: string): TreeNode[] {
  const tree = openDirectoryContext(root);
  return tree.list('').flatMap((name) => tree.lookup(name) ?? []);
}

describe('hashFiles', () => {
  it('hashes small, empty and large files, and nothing else', async () => {
    const large = Buffer.alloc(3 * 1024 * 1024 + 5, 'x');
    const exact = Buffer.alloc(1024 * 1024, 'y');
    const root = tempDir({ a: 'hello', b: '', c: large, d: exact, 'dir/': '' });
    symlinkSync('a', join(root, 'e'));
    const digests = await hashFiles(nodesOf(root));
    expect([...digests.values()]).toEqual([sha256('hello'), sha256(''), sha256(large), sha256(exact)]);
  });

  it('takes digests that the stat cache knows without reading', async () => {
    const root = tempDir({ a: 'hello' });
    const cache = openStatCache(join(tempDir(), 'c'));
    await hashFiles(nodesOf(root), { cache, now: LATER });
    const nodes = nodesOf(root);
    rmSync(join(root, 'a'));
    expect([...(await hashFiles(nodes, { cache })).values()]).toEqual([sha256('hello')]);
  });

  it('reads a file again that was changed just before it was hashed', async () => {
    const root = tempDir({ a: 'hello' });
    const cache = openStatCache(join(tempDir(), 'c'));
    await hashFiles(nodesOf(root), { cache });
    const nodes = nodesOf(root);
    writeFileSync(join(root, 'a'), 'HELLO');
    expect([...(await hashFiles(nodes, { cache })).values()]).toEqual([sha256('HELLO')]);
  });

  it.each(['', 'hell', 'hello!', 'x'.repeat(2 * 1024 * 1024)])(
    'notices that a file changed its size',
    async (content) => {
      const root = tempDir({ a: 'hello' });
      const nodes = nodesOf(root);
      writeFileSync(join(root, 'a'), content);
      await expect(hashFiles(nodes)).rejects.toMatchObject({ code: 'CONTEXT_FILE_CHANGED' });
    },
  );

  it('notices that a file is gone', async () => {
    const root = tempDir({ a: 'hello' });
    const nodes = nodesOf(root);
    rmSync(join(root, 'a'));
    await expect(hashFiles(nodes)).rejects.toMatchObject({ code: 'CONTEXT_FILE_CHANGED' });
  });

  it('names a file that it cannot read', async () => {
    const root = tempDir({ 'a/': '' });
    const path = join(root, 'a');
    const node: TreeNode = {
      type: 'file',
      mode: 0o644,
      uid: 0,
      gid: 0,
      mtime: 0,
      size: 1,
      source: { kind: 'path', path },
    };
    await expect(hashFiles([node])).rejects.toMatchObject({
      code: 'CONTEXT_UNREADABLE',
      message: expect.stringContaining(JSON.stringify(path)),
    });
  });

  it('stops when it is aborted', async () => {
    const root = tempDir(Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`f${i}`, Buffer.alloc(900_000, i)])));
    await expect(hashFiles(nodesOf(root), { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
  });
});
