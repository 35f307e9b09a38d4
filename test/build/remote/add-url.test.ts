import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { BuildOptions } from '../../../src/build/options.ts';
import { ociLayout } from '../../../src/index.ts';
import { type Builder, createBuilder } from '../../support/build.ts';
import { type FileAnswer, startFileServer } from '../../support/file-server.ts';
import { readImageTree } from '../../support/image-tree.ts';
import { tarOf } from '../../support/tar-of.ts';
import { tempDir } from '../../support/temp-dir.ts';

const LAST_MODIFIED = 'Tue, 14 Nov 2023 22:13:20 GMT';

async function build(builder: Builder, lines: string, options: BuildOptions = {}) {
  const layout = join(tempDir(), 'layout');
  const files = { Dockerfile: `FROM scratch\n${lines}\n` };
  const result = await builder.build({ files, outputs: [ociLayout(layout)], ...options });
  return { ...(await readImageTree(layout)), ...result };
}

function sha256(text: string | Uint8Array): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

describe('ADD of an address (reference, section 12)', () => {
  it('is one file of root with mode 0600, named as the last segment of the path', async () => {
    const { url } = await startFileServer(() => ({ body: 'hello', headers: { 'last-modified': LAST_MODIFIED } }));
    const image = await build(createBuilder(), `ADD ${url}/a/b%20c.txt?x=y/z ${url}/ /d/`, { timestamps: 'preserve' });
    expect(image.paths.get('/d/b c.txt')).toMatchObject({ mode: '0600', uid: 0, gid: 0, size: 5, mtime: 1700000000 });
    expect(image.paths.get('/d/__unnamed__')).toMatchObject({ type: 'file', size: 5 });
    expect(image.config.history.at(-1).created_by).toBe(`ADD ${url}/a/b%20c.txt?x=y/z ${url}/ /d/ # buildkit`);
  });

  it('takes the name of the destination, --chmod and --chown', async () => {
    const { url } = await startFileServer(() => ({ body: 'hello' }));
    const image = await build(createBuilder(), `ADD --chmod=755 --chown=7:8 ${url}/tool /bin/run`);
    expect(image.paths.get('/bin/run')).toMatchObject({ mode: '0755', uid: 7, gid: 8 });
  });

  it('does not unpack an archive unless --unpack says so', async () => {
    const body = gzipSync(await tarOf({ 'x/y': 'content' }));
    const { url } = await startFileServer(() => ({ body }));
    const image = await build(createBuilder(), `ADD ${url}/a.tgz /plain/\nADD --unpack=true ${url}/a.tgz /open/`);
    expect(image.paths.get('/plain/a.tgz')).toMatchObject({ size: body.length });
    expect(image.paths.get('/open/x/y')).toMatchObject({ size: 7 });
    expect(image.paths.has('/open/a.tgz')).toBe(false);
  });

  it('stands among paths in the order that was written', async () => {
    const { url } = await startFileServer(() => ({ body: 'fetched' }));
    const files = { Dockerfile: `FROM scratch\nADD ${url}/a a /d/\nADD b ${url}/b /d/\n`, a: 'local', b: 'local' };
    const layout = join(tempDir(), 'layout');
    await createBuilder().build({ files, outputs: [ociLayout(layout)] });
    const { paths } = await readImageTree(layout);
    expect([paths.get('/d/a')?.sha256, paths.get('/d/b')?.sha256]).toEqual([
      createHash('sha256').update('local').digest('hex'),
      createHash('sha256').update('fetched').digest('hex'),
    ]);
  });

  it('asks again with the validators of the last answer, and takes its word that nothing changed', async () => {
    let body = 'one';
    const server = await startFileServer(({ headers }): FileAnswer => {
      const etag = `"${body}"`;
      return headers['if-none-match'] === etag ? { status: 304 } : { body, headers: { etag } };
    });
    const builder = createBuilder();
    const first = await build(builder, `ADD ${server.url}/f /f`);
    const second = await build(builder, `ADD ${server.url}/f /f`);
    expect([second.cached, second.executed, second.digest]).toEqual([1, 0, first.digest]);
    expect(server.requests.map(({ headers }) => headers['if-none-match'])).toEqual([undefined, '"one"']);
    body = 'two';
    expect((await build(builder, `ADD ${server.url}/f /f`)).executed).toBe(1);
    await build(builder, `ADD ${server.url}/f /f`, { noCache: true });
    expect(server.requests.at(-1)?.headers).not.toHaveProperty('if-none-match');
  });

  it('counts an equal file that was fetched anew as the same, also under another address', async () => {
    const server = await startFileServer(() => ({ body: 'same' }));
    const builder = createBuilder();
    await build(builder, `ADD ${server.url}/f /f`);
    expect((await build(builder, `ADD ${server.url}/other/f?1 /f`)).cached).toBe(1);
    expect((await build(builder, `ADD ${server.url}/g /f`)).cached).toBe(0);
  });

  it('offline takes what an earlier build fetched, and nothing else', async () => {
    const server = await startFileServer(() => ({ body: 'hello' }));
    const builder = createBuilder();
    await build(builder, `ADD ${server.url}/f /f`);
    expect((await build(builder, `ADD ${server.url}/f /f`, { offline: true })).cached).toBe(1);
    const other = build(builder, `ADD ${server.url}/g /f`, { offline: true });
    await expect(other).rejects.toMatchObject({ code: 'CONTEXT_OFFLINE', span: { start: { line: 2 } } });
    expect(server.requests).toHaveLength(1);
  });

  it('with --checksum verifies, and does not ask for what it has', async () => {
    const server = await startFileServer(() => ({ body: 'hello' }));
    const builder = createBuilder();
    const line = `ADD --checksum=${sha256('hello')} ${server.url}/f /f`;
    await build(builder, line);
    expect((await build(builder, line)).cached).toBe(1);
    expect(server.requests).toHaveLength(1);
    await expect(build(builder, `ADD --checksum=${sha256('other')} ${server.url}/f /f`)).rejects.toMatchObject({
      code: 'CONTEXT_CHECKSUM_MISMATCH',
      message: expect.stringContaining(sha256('hello')),
      span: { start: { line: 2 } },
    });
  });

  it('follows redirects', async () => {
    const { url } = await startFileServer(({ path }) =>
      path === '/f' ? { status: 302, headers: { location: '/there' } } : { body: path },
    );
    expect((await build(createBuilder(), `ADD ${url}/f /`)).paths.get('/f')).toMatchObject({ size: '/there'.length });
  });

  it.each([
    ['a status that says no', { status: 404 }, 'status 404'],
    ['redirects without end', { status: 302, headers: { location: '/f' } }, 'redirects more than'],
  ] as const)('fails at its place for %s', async (_, answer, text) => {
    const { url } = await startFileServer(() => answer);
    await expect(build(createBuilder(), `ADD ${url}/f /f`)).rejects.toMatchObject({
      code: 'CONTEXT_DOWNLOAD_FAILED',
      message: expect.stringContaining(text),
      hint: expect.any(String),
      span: { start: { line: 2 } },
    });
  });

  it('fails at its place when nobody listens', async () => {
    await expect(build(createBuilder(), 'ADD http://127.0.0.1:9/f /f')).rejects.toMatchObject({
      code: 'CONTEXT_DOWNLOAD_FAILED',
      span: { start: { line: 2 } },
    });
  });

  it('logs in with what stands in the address, and keeps and shows it nowhere', async () => {
    const server = await startFileServer(({ headers }) =>
      headers.authorization === undefined ? { status: 401 } : { body: 'hello' },
    );
    const builder = createBuilder();
    const address = server.url.replace('http://', 'http://me:s3cret@');
    const { events, config } = await build(builder, `ADD ${address}/f /f`);
    expect(server.requests[0]?.headers.authorization).toBe(`Basic ${Buffer.from('me:s3cret').toString('base64')}`);
    expect(JSON.stringify([events, config])).not.toContain('s3cret');
    const kept = readdirSync(builder.cacheDir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'));
    expect(kept.filter((text) => text.includes('s3cret'))).toEqual([]);
    await expect(build(builder, `ADD ${address.replace('@', '@127.0.0.1:9/')} /f`)).rejects.not.toMatchObject({
      message: expect.stringContaining('s3cret'),
    });
  });
});
