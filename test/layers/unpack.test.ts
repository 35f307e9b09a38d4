import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isBuilderError } from '../../src/core/errors.ts';
import { compareTreePaths } from '../../src/core/paths.ts';
import type { PackEntry } from '../../src/core/toc.ts';
import { decompress } from '../../src/io/decompress.ts';
import { encodeTarHeader, type TarHeader, tarPadding } from '../../src/io/tar-header.ts';
import { packLayer } from '../../src/layers/pack.ts';
import { type UnpackRequest, type UnpackResult, unpackLayer } from '../../src/layers/unpack.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { inChunks } from '../support/bytes.ts';
import { describeDirectory, describeEntries, layerEntries } from '../support/layer-trees.ts';
import { tempDir } from '../support/temp-dir.ts';

const isRoot = process.getuid?.() === 0;

type Content = string | undefined;

interface Item extends TarHeader {
  readonly content: Content;
}

function item(path: string, content: Content, more: Partial<TarHeader> = {}): Item {
  return { path, type: 'file', mode: 0o644, uid: 0, gid: 0, mtime: 1000, size: content?.length ?? 0, content, ...more };
}

const file = (path: string, content = ''): Item => item(path, content);
const directory = (path: string, more: Partial<TarHeader> = {}): Item =>
  item(path, undefined, { type: 'directory', mode: 0o755, ...more });
const symlink = (path: string, link: string): Item => item(path, undefined, { type: 'symlink', link });
const hardlink = (path: string, link: string): Item => item(path, undefined, { type: 'hardlink', link });

function tarOf(items: readonly Item[]): Buffer {
  const parts = items.flatMap((one) => [
    encodeTarHeader(one),
    Buffer.from(one.content ?? ''),
    Buffer.alloc(tarPadding(one.size)),
  ]);
  return Buffer.concat([...parts, Buffer.alloc(1024)]);
}

function unpack(root: string, items: readonly Item[], more: Partial<UnpackRequest> = {}): Promise<UnpackResult> {
  const uncompressed = inChunks(tarOf(items), 1000);
  return unpackLayer({ uncompressed, root, whiteouts: 'apply', ownership: 'ignore', ...more });
}

/** Stands in for overlayfs: nodes are files with a text, opaque directories are listed. */
function overlay(): { readonly opaques: string[]; readonly request: Partial<UnpackRequest> } {
  const opaques: string[] = [];
  const request: Partial<UnpackRequest> = {
    whiteouts: 'overlay',
    opaque: (_, path) => opaques.push(path),
    mknod: (path, type, mode, major, minor) => writeFileSync(path, `${type} ${mode} ${major}:${minor}`, { flag: 'wx' }),
  };
  return { opaques, request };
}

const codeOf = (action: Promise<unknown>): Promise<string> =>
  action.then(
    () => 'none',
    (error: unknown) => (isBuilderError(error) ? error.code : String(error)),
  );

describe('unpackLayer', () => {
  test('undoes packLayer for any tree', async () => {
    await fc.assert(
      fc.asyncProperty(layerEntries, fc.integer({ min: 1, max: 100_000 }), async (entries, chunk) => {
        const store = createMemoryStore();
        const options = { times: { kind: 'preserve' }, compression: 'none' } as const;
        const { descriptor } = await packLayer(entries, store, options);
        const root = tempDir();
        const tar = Buffer.concat(await Array.fromAsync(decompress(store.read(descriptor))));
        const request = { root, whiteouts: 'apply', ownership: 'ignore' } as const;
        await unpackLayer({ ...request, uncompressed: inChunks(tar, chunk, 5000) });
        const found = describeDirectory(root).sort((a, b) => compareTreePaths(String(a.path), String(b.path)));
        expect(found).toEqual(describeEntries(entries as readonly PackEntry[]));
      }),
      { numRuns: 30 },
    );
  });

  test('makes missing parents with mode 0755, or as lower layers have them', async () => {
    const root = tempDir();
    const impliedDirectory = (path: string) =>
      path === 'tmp' ? { mode: 0o1777, uid: 0, gid: 0, mtime: 77 } : undefined;
    await unpack(root, [file('a/b/c', 'x'), file('tmp/f', 'y')], { impliedDirectory });
    expect(statSync(join(root, 'a/b')).mode & 0o7777).toBe(0o755);
    expect(statSync(join(root, 'a/b')).mtimeMs).toBe(0);
    expect(statSync(join(root, 'tmp')).mode & 0o7777).toBe(0o1777);
    expect(statSync(join(root, 'tmp')).mtimeMs).toBe(77_000);
  });

  test('sets modes and times of directories last, whatever their entries say', async () => {
    const root = tempDir();
    await unpack(root, [
      directory('closed', { mode: 0o500, mtime: 3 }),
      file('closed/f', 'x'),
      directory('closed/d', { mode: 0, mtime: -4 }),
      file('closed/d/g', 'y'),
      directory('closed', { mode: 0o555, mtime: 5 }),
    ]);
    expect(statSync(join(root, 'closed'))).toMatchObject({ mtimeMs: 5000 });
    expect(statSync(join(root, 'closed')).mode & 0o7777).toBe(0o555);
    expect(statSync(join(root, 'closed/d'))).toMatchObject({ mtimeMs: -4000 });
    chmodSync(join(root, 'closed'), 0o700);
    chmodSync(join(root, 'closed/d'), 0o700);
    expect(readFileSync(join(root, 'closed/d/g'), 'utf8')).toBe('y');
  });

  test('lets later entries replace earlier ones of any type', async () => {
    const root = tempDir();
    await unpack(root, [
      directory('d'),
      file('d/inside', 'x'),
      file('d', 'now a file'),
      file('f', 'x'),
      directory('f'),
      file('f/inside', 'y'),
      symlink('l', 'f'),
      file('l', 'not written through the link'),
      hardlink('h', 'l'),
      symlink('h', 'l'),
    ]);
    expect(readFileSync(join(root, 'd'), 'utf8')).toBe('now a file');
    expect(readdirSync(join(root, 'f'))).toEqual(['inside']);
    expect(lstatSync(join(root, 'l')).isFile()).toBe(true);
    expect(readlinkSync(join(root, 'h'))).toBe('l');
  });

  test('puts entries where the caller says that their parents really are', async () => {
    const root = tempDir();
    const rename = new Map([
      ['lib/a', 'usr/lib/a'],
      ['lib/b', 'usr/lib/b'],
      ['lib/gone', 'usr/lib/gone'],
    ]);
    const { request } = overlay();
    await unpack(root, [file('lib/a', 'x'), hardlink('lib/b', 'lib/a'), file('lib/.wh.gone')], { ...request, rename });
    expect(readdirSync(root)).toEqual(['usr']);
    expect(statSync(join(root, 'usr/lib/b')).nlink).toBe(2);
    expect(readFileSync(join(root, 'usr/lib/gone'), 'utf8')).toBe('character 0 0:0');
  });

  test('skips devices and pipes that this host cannot make, and links to them', async () => {
    const device = item('null', undefined, { type: 'character', major: 1, minor: 3 });
    const items = [device, hardlink('zero', 'null'), file('after', 'x')];
    const root = tempDir();
    expect(await unpack(root, items)).toEqual({ entries: 3, bytes: 1, implied: [], skipped: ['null', 'zero'] });
    const mknod = () => {
      throw Object.assign(new Error('EPERM'), { code: 'EPERM' });
    };
    expect(await unpack(tempDir(), items, { mknod })).toMatchObject({ skipped: ['null', 'zero'] });
    expect(readdirSync(root)).toEqual(['after']);
  });

  test('makes devices and sets capabilities by the given functions', async () => {
    const root = tempDir();
    const capabilities: [string, string][] = [];
    const setCapability = (path: string, base64: string) => capabilities.push([path, base64]);
    const items = [
      item('ping', 'x', { xattrs: { 'security.capability': 'AQAAAg==' } }),
      item('dev', undefined, { type: 'block', mode: 0o660, major: 8, minor: 1 }),
    ];
    await unpack(root, items, { ...overlay().request, setCapability });
    expect(capabilities).toEqual([[join(root, 'ping'), 'AQAAAg==']]);
    expect(readFileSync(join(root, 'dev'), 'utf8')).toBe('block 432 8:1');
  });

  test.runIf(isRoot)('keeps owners, and setuid bits in spite of them', async () => {
    const root = tempDir();
    const owner = { uid: 1234, gid: 4321 };
    await unpack(
      root,
      [
        item('su', 'x', { ...owner, mode: 0o6755 }),
        directory('d', { ...owner, mode: 0o2775 }),
        item('l', undefined, { ...owner, type: 'symlink', link: 'x' }),
      ],
      { ownership: 'keep' },
    );
    for (const name of ['su', 'd', 'l']) expect(lstatSync(join(root, name))).toMatchObject(owner);
    expect(statSync(join(root, 'su')).mode & 0o7777).toBe(0o6755);
    expect(statSync(join(root, 'd')).mode & 0o7777).toBe(0o2775);
  });
});

describe('whiteouts', () => {
  const lower = [directory('d'), file('d/old', 'x'), directory('d/sub'), file('d/sub/old', 'x'), file('gone', 'x')];

  test('are applied to what is there, never to what this layer brings', async () => {
    const root = tempDir();
    await unpack(root, lower);
    await unpack(root, [
      file('.wh.gone'),
      file('.wh.never-was'),
      directory('d'),
      file('d/new', 'y'),
      file('d/.wh..wh..opq'),
      file('d/.wh.new'),
      directory('d/sub'),
      file('d/sub/new', 'y'),
    ]);
    expect(describeDirectory(root).map(({ path }) => path)).toEqual(['d', 'd/new', 'd/sub', 'd/sub/new']);
  });

  test('of a directory that the layer makes anew leave what the layer has in it', async () => {
    const root = tempDir();
    await unpack(root, lower);
    await unpack(root, [file('d/sub/new', 'y'), file('.wh.d')]);
    expect(describeDirectory(root).map(({ path }) => path)).toEqual(['d', 'd/sub', 'd/sub/new', 'gone']);
  });

  test('become devices and opaque directories of an overlay', async () => {
    const root = tempDir();
    const { opaques, request } = overlay();
    await unpack(
      root,
      [
        file('.wh.gone'),
        directory('d'),
        file('d/.wh..wh..opq'),
        file('d/.wh.x'),
        file('.wh.again'),
        directory('again'),
        directory('before'),
        file('.wh.before'),
        file('.wh.implied'),
        file('implied/f', 'x'),
        file('.wh.file'),
        file('file', 'x'),
        file('kept', 'x'),
        file('.wh.kept'),
      ],
      request,
    );
    expect(opaques).toEqual(['d', 'again', 'before', 'implied']);
    expect(readFileSync(join(root, 'gone'), 'utf8')).toBe('character 0 0:0');
    expect(readFileSync(join(root, 'd/x'), 'utf8')).toBe('character 0 0:0');
    expect(readdirSync(join(root, 'implied'))).toEqual(['f']);
    expect(readFileSync(join(root, 'file'), 'utf8')).toBe('x');
    expect(readFileSync(join(root, 'kept'), 'utf8')).toBe('x');
  });
});

describe('a hostile layer', () => {
  test.each<[string, Item[], string]>([
    ['writes through a link', [symlink('l', '/'), file('l/x')], 'LAYER_PATH_ESCAPE'],
    ['writes through a link in the root', [directory('d'), symlink('l', 'd'), file('l/x')], 'LAYER_PATH_ESCAPE'],
    ['writes below a file', [file('f'), file('f/x')], 'LAYER_PATH_ESCAPE'],
    ['replaces a parent by a link', [file('d/a'), symlink('d', '..'), file('d/b')], 'LAYER_PATH_ESCAPE'],
    ['links through a link', [symlink('l', '/etc'), hardlink('h', 'l/passwd')], 'LAYER_PATH_ESCAPE'],
    ['links outside', [hardlink('h', '../../../../etc/passwd')], 'LAYER_LINK_MISSING'],
    ['links to nothing', [hardlink('h', 'x')], 'LAYER_LINK_MISSING'],
    ['links to itself', [file('h'), hardlink('h', 'h')], 'LAYER_LINK_MISSING'],
    ['removes through a link', [symlink('l', '/'), file('l/.wh.etc')], 'LAYER_PATH_ESCAPE'],
    ['hides through a link', [symlink('l', '/'), file('l/.wh..wh..opq')], 'none'],
    ['climbs out', [file('../../climbed')], 'none'],
    ['names the root', [file('/'), symlink('..', '/')], 'none'],
    ['has a name that is too long', [file('n'.repeat(300))], 'LAYER_UNPACK_FAILED'],
  ])('that %s does nothing outside of its root', async (_, items, code) => {
    const outside = tempDir();
    const root = join(outside, 'root');
    mkdirSync(root);
    writeFileSync(join(outside, 'x'), 'untouched');
    expect(await codeOf(unpack(root, items))).toBe(code);
    expect(readdirSync(outside)).toEqual(['root', 'x']);
    expect(existsSync('/climbed')).toBe(false);
  });

  test('is named with its entry', async () => {
    await expect(unpack(tempDir(), [symlink('l', '/'), file('l/x')])).rejects.toThrowErrorMatchingInlineSnapshot(
      `[LayerError: entry "l/x" is refused: "l" is a symbolic link]`,
    );
  });

  test('cannot follow links that lie in the root already', async () => {
    const outside = tempDir();
    mkdirSync(join(outside, 'root'));
    symlinkSync('..', join(outside, 'root/l'));
    for (const items of [[file('l/x')], [file('l/.wh.x')], [directory('l/d')]]) {
      expect(await codeOf(unpack(join(outside, 'root'), items))).toBe('LAYER_PATH_ESCAPE');
    }
    expect(readdirSync(outside)).toEqual(['root']);
  });

  test('is stopped at the limits', async () => {
    const items = [file('a', 'xxxx'), file('b', 'xxxx')];
    expect(await codeOf(unpack(tempDir(), items, { limits: { bytes: 7 } }))).toBe('LAYER_TOO_LARGE');
    expect(await codeOf(unpack(tempDir(), items, { limits: { entries: 1 } }))).toBe('LAYER_TOO_LARGE');
    expect(await codeOf(unpack(tempDir(), items, { limits: { entries: 2, bytes: 8 } }))).toBe('none');
  });

  test('of any shape touches nothing outside and fails only with errors of ours', async () => {
    const path = fc.constantFrom(
      'a',
      'b',
      'a/b',
      'b/a',
      'a/b/c',
      '../a',
      '/b',
      'a/../../b',
      '.wh.a',
      'a/.wh.b',
      'a/.wh..wh..opq',
      'b/.wh..wh..opq',
      '..',
    );
    const anyItem = fc.oneof(
      path.map((name) => file(name, 'content')),
      path.map((name) => directory(name)),
      fc
        .tuple(path, fc.constantFrom('..', '/', '.', 'a', '../outside', 'b'))
        .map(([name, link]) => symlink(name, link)),
      fc.tuple(path, path).map(([name, link]) => hardlink(name, link)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(anyItem, { maxLength: 8 }), fc.boolean(), async (items, isOverlay) => {
        const outside = tempDir();
        const root = join(outside, 'root');
        mkdirSync(root);
        mkdirSync(join(outside, 'outside'));
        writeFileSync(join(outside, 'b'), 'untouched');
        const code = await codeOf(unpack(root, items, isOverlay ? overlay().request : {}));
        expect(code).toMatch(/^(?:none$|LAYER_)/);
        expect(readdirSync(outside)).toEqual(['b', 'outside', 'root']);
        expect(readdirSync(join(outside, 'outside'))).toEqual([]);
        expect(readFileSync(join(outside, 'b'), 'utf8')).toBe('untouched');
      }),
      { numRuns: 500 },
    );
  });

  test('that stops early leaves no open file behind', async () => {
    const archive = tarOf([file('a', 'x'.repeat(5000))]).subarray(0, 2000);
    const before = readdirSync('/proc/self/fd').length;
    const request = { root: tempDir(), whiteouts: 'apply', ownership: 'ignore' } as const;
    for (let i = 0; i < 5; i++) {
      expect(await codeOf(unpackLayer({ ...request, uncompressed: inChunks(archive) }))).toBe('LAYER_TAR_CORRUPT');
    }
    expect(readdirSync('/proc/self/fd').length).toBeLessThan(before + 5);
  });
});
