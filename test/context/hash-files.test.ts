import { createHash } from 'node:crypto';
import { readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { contentDigest } from '../../src/build/tree-digest.ts';
import { openDirectoryContext } from '../../src/context/directory-context.ts';
import { FileDigests } from '../../src/context/file-digests.ts';
import { type HashOptions, hashFiles } from '../../src/context/hash-files.ts';
import { openStatCache } from '../../src/context/stat-cache.ts';
import { type Digest, toDigest } from '../../src/core/digest.ts';
import type { TreeNode } from '../../src/core/tree.ts';
import { tempDir } from '../support/temp-dir.ts';

const sha256 = (bytes: string | Uint8Array) => toDigest(createHash('sha256').update(bytes).digest('hex'));
const LATER = () => Date.now() + 60_000;

function nodesOf(root: string): TreeNode[] {
  const tree = openDirectoryContext(root);
  return tree.list('').flatMap((name) => tree.lookup(name) ?? []);
}

async function digestsOf(nodes: readonly TreeNode[], options: HashOptions = {}): Promise<(Digest | undefined)[]> {
  const digests = await hashFiles(nodes, options);
  return nodes.map((node) => contentDigest(node, digests));
}

describe('hashFiles', () => {
  it('hashes small, empty and large files, and nothing else', async () => {
    const large = Buffer.alloc(3 * 1024 * 1024 + 5, 'x');
    const exact = Buffer.alloc(1024 * 1024, 'y');
    const root = tempDir({ a: 'hello', b: '', c: large, d: exact, 'dir/': '' });
    symlinkSync('a', join(root, 'e'));
    const nodes = nodesOf(root);
    const expected = [sha256('hello'), sha256(''), sha256(large), sha256(exact), undefined, undefined];
    expect(await digestsOf(nodes)).toEqual(expected);
  });

  it('takes digests that the stat cache knows without reading', async () => {
    const root = tempDir({ a: 'hello' });
    const cache = openStatCache(join(tempDir(), 'c'));
    await hashFiles(nodesOf(root), { cache, now: LATER });
    const nodes = nodesOf(root);
    rmSync(join(root, 'a'));
    expect(await digestsOf(nodes, { cache })).toEqual([sha256('hello')]);
  });

  describe('with names of git', () => {
    const files = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`f${String(i).padStart(3, '0')}`, `${i}`]));
    const contents = Object.values(files).map(sha256);

    /** Names every file by its content, as an index of git does. */
    const idsOf = (paths: readonly string[]) => new Map(paths.map((path) => [path, blobName(readFileSync(path))]));
    const blobName = (bytes: Uint8Array, algorithm = 'sha1') =>
      createHash(algorithm).update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
    const naming = (ids: ReadonlyMap<string, string>) => async () => ({ find: (path: string) => ids.get(path) });
    const pathsIn = (root: string) => Object.keys(files).map((name) => join(root, name));

    it('reads nothing of a clone of what was read before', async () => {
      const [first, clone] = [tempDir(files), tempDir(files)];
      const cache = openStatCache(join(tempDir(), 'c'));
      await hashFiles(nodesOf(first), { cache, openBlobNames: naming(idsOf(pathsIn(first))) });
      const [nodes, ids] = [nodesOf(clone), idsOf(pathsIn(clone))];
      for (const path of pathsIn(clone)) rmSync(path);
      expect(await digestsOf(nodes, { cache, openBlobNames: naming(ids) })).toEqual(contents);
    });

    it('asks for none as long as the cache knows all but some', async () => {
      const root = tempDir(files);
      const cache = openStatCache(join(tempDir(), 'c'));
      const openBlobNames = vi.fn<() => Promise<undefined>>(async () => undefined);
      await hashFiles(nodesOf(root), { cache, openBlobNames, now: LATER });
      expect(openBlobNames).toHaveBeenCalledTimes(1);
      writeFileSync(join(root, 'f007'), 'changed');
      const nodes = nodesOf(root);
      const digests = await hashFiles(nodes, { cache, openBlobNames, now: LATER });
      expect(openBlobNames).toHaveBeenCalledTimes(1);
      expect(nodes.map((node) => contentDigest(node, digests))).toEqual(contents.with(7, sha256('changed')));
    });

    it('remembers no name of a file that changed before it was read', async () => {
      const root = tempDir(files);
      const cache = openStatCache(join(tempDir(), 'c'));
      const [nodes, ids] = [nodesOf(root), idsOf(pathsIn(root))];
      writeFileSync(join(root, 'f007'), '!');
      await hashFiles(nodes, { cache, openBlobNames: naming(ids) });
      const remembered = [...ids].map(([path, id]) => cache.getBlob({ id, size: statSync(path).size }));
      expect(remembered).toEqual(contents.map((digest, i) => (i === 7 ? undefined : digest)));
    });

    it.each(['sha1', 'sha256'])(
      'believes no index that gives a file the name of another one (%s)',
      async (algorithm) => {
        const large = Buffer.alloc(2 * 1024 * 1024, 'x');
        const other = Buffer.alloc(2 * 1024 * 1024, 'y');
        const cache = openStatCache(join(tempDir(), 'c'));
        const [honest = '', forged = ''] = [large, other].map((bytes) => blobName(bytes, algorithm));
        const hashClone = async (id: string): Promise<void> => {
          const root = tempDir({ ...files, large });
          const names = pathsIn(root).map((path): [string, string] => [path, blobName(readFileSync(path), algorithm)]);
          const openBlobNames = naming(new Map([...names, [join(root, 'large'), id]]));
          await hashFiles(nodesOf(root), { cache, openBlobNames });
        };
        await hashClone(forged);
        expect(cache.getBlob({ id: forged, size: large.length })).toBeUndefined();
        await hashClone(honest);
        expect(cache.getBlob({ id: honest, size: large.length })).toBe(sha256(large));
      },
    );
  });

  it('reads a file again that was changed just before it was hashed', async () => {
    const root = tempDir({ a: 'hello' });
    const cache = openStatCache(join(tempDir(), 'c'));
    await hashFiles(nodesOf(root), { cache });
    const nodes = nodesOf(root);
    writeFileSync(join(root, 'a'), 'HELLO');
    expect(await digestsOf(nodes, { cache })).toEqual([sha256('HELLO')]);
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

  it('notices that a file has another content than was told before in the same build', async () => {
    const root = tempDir({ a: 'hello' });
    const nodes = nodesOf(root);
    const told = new FileDigests();
    await hashFiles(nodes, { told });
    writeFileSync(join(root, 'a'), 'HELLO');
    expect(await digestsOf(nodes, { told })).toEqual([sha256('hello')]);
    const known = { digests: new Map([[join(root, 'a'), sha256('HELLO')]]), readAtMs: 0 };
    await expect(hashFiles(nodes, { told, known })).rejects.toMatchObject({ code: 'CONTEXT_FILE_CHANGED' });
  });

  it('notices that a file is gone', async () => {
    const root = tempDir({ a: 'hello' });
    const nodes = nodesOf(root);
    rmSync(join(root, 'a'));
    await expect(hashFiles(nodes)).rejects.toMatchObject({ code: 'CONTEXT_FILE_CHANGED' });
  });

  it('names a file that it cannot read', async () => {
    // Its first page is never mapped: EIO, for root too.
    const path = '/proc/self/mem';
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
