import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { BuildOptions } from '../../../src/build/options.ts';
import { check, ociLayout } from '../../../src/index.ts';
import { createBuilder } from '../../support/build.ts';
import { startFileServer } from '../../support/file-server.ts';
import { readImageTree } from '../../support/image-tree.ts';
import { type TarMember, tarOf } from '../../support/tar-of.ts';
import { tempDir } from '../../support/temp-dir.ts';

const FILES = { Dockerfile: 'FROM scratch\nCOPY . /\n', 'a.txt': 'one', 'dir/b.txt': 'b' };

async function build(options: BuildOptions & { readonly files?: Record<string, string> }, builder = createBuilder()) {
  const layout = join(tempDir(), 'layout');
  const result = await builder.build({ outputs: [ociLayout(layout)], ...options });
  return { ...(await readImageTree(layout)), ...result };
}

async function* inPieces(bytes: Uint8Array, size = 700): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function context(members: Readonly<Record<string, TarMember>>): Promise<AsyncIterable<Uint8Array>> {
  return inPieces(await tarOf(members));
}

function piped(program: string, input: Uint8Array): Buffer {
  return spawnSync(program, ['-c'], { input }).stdout;
}

describe('a build context that is a stream (reference, section 18)', () => {
  it.each([
    ['plain', (tar: Buffer) => tar],
    ['gzip', gzipSync],
    ['zstd', zstdCompressSync],
    ['bzip2', (tar: Buffer) => piped('bzip2', tar)],
    ['xz', (tar: Buffer) => piped('xz', tar)],
  ] as const)('is a tar archive, %s, and builds what the directory does', async (_, compress) => {
    const directory = await build({ files: FILES });
    const image = await build({ context: inPieces(compress(await tarOf(FILES))) });
    expect([...image.paths.keys()]).toEqual(['/Dockerfile', '/a.txt', '/dir', '/dir/b.txt']);
    expect(image.digest).toBe(directory.digest);
  });

  it('keeps modes and links, and counts owners as root', async () => {
    const image = await build({
      context: await context({
        './': { header: { type: 'directory', mode: 0o700 } },
        './Dockerfile': FILES.Dockerfile,
        './run': { header: { mode: 0o4755, uid: 12, gid: 34 }, text: '#!' },
        './same': { header: { type: 'link', linkname: './run' } },
        './link': { header: { type: 'symlink', linkname: '../../etc' } },
        '../../outside': 'inside',
      }),
    });
    expect(image.paths.get('/run')).toMatchObject({ mode: '4755', uid: 0, gid: 0 });
    expect(image.paths.get('/same')?.inode).toBe(image.paths.get('/run')?.inode);
    expect(image.paths.get('/link')).toMatchObject({ type: 'symlink', link: '../../etc' });
    expect(image.paths.get('/outside')).toMatchObject({ size: 6 });
  });

  it('has an ignore file, its own Dockerfile, and an ignore file of that', async () => {
    const members = {
      '.dockerignore': 'a.txt\n',
      'sub/Other': 'FROM scratch\nCOPY . /other\n',
      'sub/Other.dockerignore': 'dir\n**/Other*\n.dockerignore',
      ...FILES,
    };
    const usual = await build({ context: await context(members) });
    expect(usual.paths.has('/a.txt')).toBe(false);
    const other = await build({ context: await context(members), dockerfile: 'sub/Other' });
    expect([...other.paths.keys()].sort()).toEqual(['/other', '/other/Dockerfile', '/other/a.txt', '/other/sub']);
  });

  it('unpacks archives that are in it', async () => {
    const inner = (await tarOf({ 'x/y': 'deep' })).toString('latin1');
    const tar = await tarOf({ Dockerfile: 'FROM scratch\nADD in.tar /in/\n', 'in.tar': inner });
    expect((await build({ context: inPieces(tar) })).paths.get('/in/x/y')).toMatchObject({ size: 4 });
  });

  it('is the Dockerfile itself when it is no archive; then there are no files', async () => {
    const text = (lines: string) => inPieces(Buffer.from(lines));
    const image = await build({ context: text('FROM scratch\nCOPY <<EOF /f\nx\nEOF\n') });
    expect(image.paths.get('/f')).toMatchObject({ size: 2 });
    await expect(build({ context: text('FROM scratch\nCOPY a /\n') })).rejects.toMatchObject({
      code: 'STEP_COPY_SOURCE_NOT_FOUND',
      span: { start: { line: 2 } },
    });
  });

  it.each([
    ['without a Dockerfile', { 'a.txt': 'a' }, 'CONTEXT_NO_DOCKERFILE'],
    ['with a link to nothing', { a: { header: { type: 'link', linkname: 'b' } } }, 'CONTEXT_BAD_ARCHIVE'],
  ] as const)('%s is an error', async (_, members, code) => {
    const builder = createBuilder();
    const failing = builder.build({ context: await context(members) });
    await expect(failing).rejects.toMatchObject({ code, hint: expect.any(String) });
    expect(readdirSync(join(builder.cacheDir, 'tmp'))).toEqual([]);
  });

  it('that breaks off is an error', async () => {
    const tar = await tarOf({ Dockerfile: FILES.Dockerfile, big: 'x'.repeat(5000) });
    await expect(build({ context: inPieces(tar.subarray(0, 3000)) })).rejects.toMatchObject({
      code: 'LAYER_TAR_CORRUPT',
    });
    const broken = gzipSync(tar).subarray(0, 40);
    await expect(build({ context: inPieces(broken) })).rejects.toMatchObject({ code: 'LAYER_COMPRESSION_CORRUPT' });
  });

  it('that is neither an archive nor text is refused', async () => {
    await expect(build({ context: inPieces(Buffer.alloc(2000, 'ab\0')) })).rejects.toMatchObject({
      code: 'CONTEXT_BAD_ARCHIVE',
      hint: expect.any(String),
    });
  });

  it('is for builds alone', async () => {
    const stream = await context(FILES);
    expect(() => check({ context: stream })).toThrow(expect.objectContaining({ code: 'OPTION_UNSUPPORTED_CONTEXT' }));
  });
});

describe('a build context with an address', () => {
  it('is an archive, fetched only when it has changed', async () => {
    const tar = gzipSync(await tarOf(FILES));
    const server = await startFileServer(({ headers }) =>
      headers['if-none-match'] === '"1"' ? { status: 304 } : { body: tar, headers: { etag: '"1"' } },
    );
    const builder = createBuilder();
    const image = await build({ context: `${server.url}/c.tgz` }, builder);
    expect(image.digest).toBe((await build({ files: FILES })).digest);
    expect((await build({ context: `${server.url}/c.tgz` }, builder)).cached).toBe(1);
    expect(server.requests.map(({ headers }) => headers['if-none-match'])).toEqual([undefined, '"1"']);
  });

  it('may be a Dockerfile', async () => {
    const { url } = await startFileServer(() => ({ body: 'FROM scratch\nWORKDIR /x\n' }));
    expect((await build({ context: `${url}/Dockerfile` })).paths.has('/x')).toBe(true);
  });

  it('may be that of the Dockerfile alone', async () => {
    const { url } = await startFileServer(() => ({ body: 'FROM scratch\nCOPY a.txt /\n' }));
    const image = await build({ files: FILES, dockerfile: `${url}/Dockerfile` });
    expect([...image.paths.keys()]).toEqual(['/a.txt']);
  });

  it('that does not answer is an error', async () => {
    await expect(build({ context: 'http://127.0.0.1:9/c.tgz' })).rejects.toMatchObject({
      code: 'CONTEXT_DOWNLOAD_FAILED',
    });
  });
});

describe('a named build context with an address', () => {
  it('is an archive for FROM, COPY --from and mounts', async () => {
    const tar = await tarOf({ 'a.txt': 'one', '.dockerignore': '*' });
    const { url } = await startFileServer(() => ({ body: tar }));
    const image = await build({
      files: { Dockerfile: 'FROM base\nCOPY --from=more a.txt /more/\n' },
      buildContexts: { base: `${url}/base.tar`, more: `${url}/more.tar` },
    });
    expect([...image.paths.keys()].sort()).toEqual(['/.dockerignore', '/a.txt', '/more', '/more/a.txt']);
  });

  it('that is no archive is refused', async () => {
    const { url } = await startFileServer(() => ({ body: 'text' }));
    const files = { Dockerfile: 'FROM scratch\nCOPY --from=more a /\n' };
    await expect(build({ files, buildContexts: { more: `${url}/x` } })).rejects.toMatchObject({
      code: 'CONTEXT_BAD_ARCHIVE',
      message: expect.stringContaining('more'),
      span: { start: { line: 2 } },
    });
  });

  it('for one platform comes before the one for all', async () => {
    const files = { Dockerfile: 'FROM scratch\nCOPY --from=more a /\n' };
    const [general, special] = [tempDir({ a: 'general' }), tempDir({ a: 'x' })];
    const buildContexts = { 'more::linux/arm64': special, more: general };
    expect((await build({ files, buildContexts, platform: 'linux/arm64' })).paths.get('/a')).toMatchObject({ size: 1 });
    expect((await build({ files, buildContexts, platform: 'linux/amd64' })).paths.get('/a')).toMatchObject({ size: 7 });
  });

  it('that names a target stands for that stage: in FROM, in COPY and in place of a stage', async () => {
    const Dockerfile = `FROM scratch AS own
COPY a.txt /own
FROM scratch AS base
COPY a.txt /base
FROM base
COPY --from=more /own /copied
`;
    const files = { ...FILES, Dockerfile };
    const image = await build({ files, buildContexts: { more: 'target:Own', base: 'target:own' } });
    expect([...image.paths.keys()]).toEqual(['/own', '/copied']);
    const failing = build({ files, buildContexts: { more: 'target:other' } });
    await expect(failing).rejects.toMatchObject({ code: 'PLAN_UNKNOWN_STAGE', hint: expect.stringContaining('own') });
  });
});
