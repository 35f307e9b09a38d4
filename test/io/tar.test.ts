import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { extract, type Header, pack } from 'tar-stream';
import { describe, expect, test } from 'vitest';
import { LayerError } from '../../src/core/errors.ts';
import { BLOCK_SIZE, BlockPool } from '../../src/io/blocks.ts';
import { tarEntries } from '../../src/io/tar-entries.ts';
import { encodeTarHeader, TAR_RECORD, type TarHeader } from '../../src/io/tar-header.ts';
import { TarParser } from '../../src/io/tar-reader.ts';
import { TAR_END, TarWriter } from '../../src/io/tar-writer.ts';
import { collect, inChunks, textBytes } from '../support/bytes.ts';
import { hasProgram } from '../support/programs.ts';
import { tarHeaders } from '../support/tar-headers.ts';
import { tempDir } from '../support/temp-dir.ts';

interface ReadEntry {
  readonly header: TarHeader;
  readonly offset: number;
  readonly content: Buffer;
}

function parse(archive: Uint8Array, ...chunkSizes: number[]): ReadEntry[] {
  const entries: ReadEntry[] = [];
  let chunks: Buffer[] = [];
  let current: { header: TarHeader; offset: number } | undefined;
  const parser = new TarParser({
    onEntry(header, offset) {
      current = { header, offset };
      chunks = [];
    },
    onData: (chunk) => chunks.push(Buffer.from(chunk)),
    onEnd() {
      if (current !== undefined) entries.push({ ...current, content: Buffer.concat(chunks) });
    },
  });
  const sizes = chunkSizes.length === 0 ? [archive.length] : chunkSizes;
  for (let at = 0, i = 0; at < archive.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    parser.push(archive.subarray(at, at + size));
    at += size;
  }
  parser.end();
  return entries;
}

function write(entries: readonly { header: TarHeader; content?: Uint8Array }[]): Buffer {
  const writer = new TarWriter(new BlockPool());
  for (const { header, content } of entries) {
    writer.header(header);
    if (content !== undefined) writer.write(content);
    writer.pad();
  }
  writer.end();
  return Buffer.concat(writer.takeFull());
}

const file = (path: string, size: number): TarHeader => ({
  path,
  type: 'file',
  mode: 0o644,
  uid: 0,
  gid: 0,
  mtime: 318211200,
  size,
});

function codeOf(action: () => unknown): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return error instanceof LayerError ? error.code : String(error);
  }
}

/** A header of our own with some bytes changed and the checksum made right again. */
function patchedHeader(changes: Readonly<Record<number, string>>, header: TarHeader = file('x', 0)): Buffer {
  const block = encodeTarHeader(header);
  for (const [at, text] of Object.entries(changes)) block.write(text, Number(at), 'latin1');
  block.fill(0x20, 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

const record = (flag: string, content: Buffer): Buffer =>
  Buffer.concat([
    patchedHeader({ 156: flag }, file('meta', content.length)),
    content,
    Buffer.alloc((TAR_RECORD - (content.length % TAR_RECORD)) % TAR_RECORD),
  ]);

describe('tar headers', () => {
  test('are read as they were written, whatever the names, numbers and attributes', () => {
    fc.assert(
      fc.property(tarHeaders, (header) => {
        const read: TarHeader[] = [];
        new TarParser({ onEntry: (found) => read.push(found) }).push(encodeTarHeader(header));
        expect(read).toEqual([header]);
      }),
    );
  });

  test('take one record where ustar is enough, also for long paths with a good slash', () => {
    expect(encodeTarHeader(file('n'.repeat(100), 1))).toHaveLength(512);
    expect(encodeTarHeader(file(`${'d'.repeat(155)}/${'n'.repeat(100)}`, 1))).toHaveLength(512);
    expect(encodeTarHeader(file('n'.repeat(101), 1))).toHaveLength(3 * 512);
    expect(encodeTarHeader(file('é', 1))).toHaveLength(3 * 512);
  });

  test('name no owners and no other times', () => {
    const block = encodeTarHeader(file('n'.repeat(101), 1)).toString('latin1');
    expect(block).not.toMatch(/atime|ctime|uname|gname|root/);
    expect(block.slice(1024 + 265, 1024 + 329)).toBe('\0'.repeat(64));
  });

  test('are refused with a place when a byte is changed', () => {
    const block = encodeTarHeader(file('some/name', 1));
    block[3] = 0x21;
    const parser = new TarParser({ onEntry() {} });
    expect(() => parser.push(block)).toThrowErrorMatchingInlineSnapshot(
      `[LayerError: damaged tar archive: the checksum of a header is wrong at offset 0 in entry "som!/name"]`,
    );
  });
});

describe('the tar reader', () => {
  const sample = (): Buffer =>
    write([
      { header: { ...file('dir', 0), type: 'directory', mode: 0o755 } },
      { header: file('dir/a', 700), content: textBytes(700) },
      { header: file(`dir/${'long'.repeat(40)}`, 1024), content: textBytes(1024, 2) },
      { header: { ...file('dir/link', 0), type: 'symlink', link: 'a' } },
      { header: file('empty', 0) },
    ]);

  test('finds the same entries and contents whatever the chunks', () => {
    const archive = sample();
    const whole = parse(archive);
    expect(whole.map(({ header }) => header.type)).toEqual(['directory', 'file', 'file', 'symlink', 'file']);
    for (const { offset, content } of whole) expect(archive.subarray(offset, offset + content.length)).toEqual(content);
    for (const sizes of [[1], [511], [512], [513], [7, 3000, 100]]) expect(parse(archive, ...sizes)).toEqual(whole);
  });

  test('gives entries with their content one by one', async () => {
    const seen: string[] = [];
    for await (const { header, content } of tarEntries(inChunks(sample(), 300))) {
      seen.push(header.path);
      if (header.path === 'dir/a') expect(await collect(content)).toEqual(textBytes(700));
    }
    expect(seen).toEqual(['dir', 'dir/a', `dir/${'long'.repeat(40)}`, 'dir/link', 'empty']);
  });

  test('closes its source when the caller stops early', async () => {
    let isClosed = false;
    async function* source(): AsyncGenerator<Uint8Array, void> {
      try {
        yield* inChunks(sample(), 512);
      } finally {
        isClosed = true;
      }
    }
    for await (const _ of tarEntries(source())) break;
    expect(isClosed).toBe(true);
  });

  test('takes an archive without its end mark, and nothing after the mark', () => {
    const archive = sample();
    const whole = parse(archive);
    expect(parse(archive.subarray(0, archive.length - TAR_END.length))).toEqual(whole);
    expect(parse(Buffer.concat([archive, textBytes(5000)]))).toEqual(whole);
    expect(parse(new Uint8Array(0))).toEqual([]);
  });

  test('refuses an archive that stops inside of an entry, naming it', () => {
    const archive = sample();
    expect(() => parse(archive.subarray(0, 512 + 512 + 300))).toThrowErrorMatchingInlineSnapshot(
      `[LayerError: damaged tar archive: it ends too early at offset 1324 in entry "dir/a"]`,
    );
    expect(codeOf(() => parse(archive.subarray(0, 100)))).toBe('LAYER_TAR_CORRUPT');
    expect(codeOf(() => parse(archive.subarray(0, 512 + 512 + 1024 + 1024)))).toBe('LAYER_TAR_CORRUPT');
  });

  test('reads long names of GNU, numbers in base 256, prefixes and directories of v7', () => {
    const longName = `${'deep/'.repeat(60)}name`;
    const archive = Buffer.concat([
      record('L', Buffer.from(`${longName}\0`)),
      record('K', Buffer.from(`../${longName}\0`)),
      patchedHeader({ 156: '2' }),
      patchedHeader({
        108: '\x80\x00\x00\x00\x00\x2d\xc6\xc0',
        136: '\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe',
      }),
      patchedHeader({ 0: 'old/', 156: '\0', 257: '\0\0\0\0\0\0\0\0' }),
      patchedHeader({ 257: 'ustar  \0', 345: 'not a prefix' }),
      TAR_END,
    ]);
    expect(parse(archive).map(({ header }) => header)).toMatchObject([
      { path: longName, link: `../${longName}`, type: 'symlink' },
      { path: 'x', uid: 3000000, mtime: -2 },
      { path: 'old', type: 'directory' },
      { path: 'x' },
    ]);
  });

  test('applies global records to all and local records to one entry', () => {
    const archive = Buffer.concat([
      record('g', Buffer.from('12 gid=4242\n20 mtime=1700000000\n')),
      record('x', Buffer.from('21 mtime=1234.567890\n')),
      patchedHeader({}),
      patchedHeader({}),
      record('x', Buffer.from('14 mtime=-1.5\n')),
      patchedHeader({}),
      TAR_END,
    ]);
    expect(parse(archive).map(({ header }) => header)).toMatchObject([
      { gid: 4242, mtime: 1234, mtimeNanoseconds: 567890000 },
      { gid: 4242, mtime: 1700000000 },
      { mtime: -2, mtimeNanoseconds: 500000000 },
    ]);
  });

  test.each([
    ['a sparse file of GNU', patchedHeader({ 156: 'S' }), 'LAYER_TAR_UNSUPPORTED'],
    [
      'a sparse file in PAX',
      Buffer.concat([record('x', Buffer.from('22 GNU.sparse.major=1\n')), patchedHeader({})]),
      'LAYER_TAR_UNSUPPORTED',
    ],
    ['an unknown type', patchedHeader({ 156: 'Z' }), 'LAYER_TAR_UNSUPPORTED'],
    ['a broken PAX record', record('x', Buffer.from('99 path=x\n')), 'LAYER_TAR_CORRUPT'],
    ['a size that is no number', patchedHeader({ 124: '12z' }), 'LAYER_TAR_CORRUPT'],
    ['a huge PAX record', patchedHeader({ 156: 'x' }, file('x', 2 ** 31)), 'LAYER_TOO_LARGE'],
    ['text', textBytes(2000), 'LAYER_TAR_CORRUPT'],
  ])('refuses %s', (_, archive, code) => {
    expect(codeOf(() => parse(archive))).toBe(code);
  });

  test('throws nothing but its own errors for damaged archives', () => {
    const archive = sample();
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(archive.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }),
        (edits) => {
          const damaged = Buffer.from(archive);
          for (const [at, value] of edits) damaged[at] = value;
          expect(codeOf(() => parse(damaged)) ?? 'LAYER_').toMatch(/^LAYER_/);
        },
      ),
    );
  });
});

describe('together with other tars', () => {
  test('tar-stream reads what we write', async () => {
    await fc.assert(
      fc.asyncProperty(tarHeaders, async (header) => {
        const content = header.type === 'file' ? textBytes(header.size % 5000) : Buffer.alloc(0);
        const written = { ...header, size: content.length };
        const found = await readWithTarStream(write([{ header: written, content }]));
        expect(found).toHaveLength(1);
        const name = header.type === 'directory' ? `${header.path}/` : header.path;
        // tar-stream does not read the PAX records of large ids.
        const ids = header.uid > 0o7777777 || header.gid > 0o7777777 ? {} : { uid: header.uid, gid: header.gid };
        expect(found[0]?.headers).toMatchObject({ name, ...ids, size: content.length });
        expect(found[0]?.content).toEqual(content);
      }),
      { numRuns: 50 },
    );
  });

  test('we read what tar-stream writes', async () => {
    await fc.assert(
      fc.asyncProperty(tarHeaders, async ({ path, mode, link, size }) => {
        const content = textBytes(size % 5000);
        // tar-stream takes mode 0 for none.
        const headers = { name: path, mode: mode || 0o600, uid: 1000, gid: 262143, mtime: new Date(1700000000_000) };
        const isLink = link !== undefined;
        const archive = pack();
        archive.entry(isLink ? { ...headers, type: 'symlink', linkname: link } : headers, isLink ? '' : content);
        archive.finalize();
        const [entry] = parse(await collect(Readable.from(archive)));
        expect(entry?.header).toMatchObject({
          path,
          mode: mode || 0o600,
          uid: 1000,
          gid: 262143,
          mtime: 1700000000,
          ...(isLink && { link }),
        });
        expect(entry?.content).toEqual(isLink ? Buffer.alloc(0) : content);
      }),
      { numRuns: 50 },
    );
  });

  test.runIf(hasProgram('tar'))("the host's tar reads what we write", () => {
    const names = ['plain', 'new\nline', 'ümlaut 🐚', 'n'.repeat(255), `${'d'.repeat(120)}/${'n'.repeat(120)}`];
    const directory = tempDir();
    const archive = write(names.map((name, i) => ({ header: file(name, 600), content: textBytes(600, i + 1) })));
    execFileSync('tar', ['-xf', '-', '--no-same-owner'], { cwd: directory, input: archive });
    for (const [i, name] of names.entries()) expect(readFileSync(join(directory, name))).toEqual(textBytes(600, i + 1));
  });

  test.runIf(hasProgram('tar')).each(['v7', 'oldgnu', 'gnu', 'ustar', 'pax'])(
    "we read the host's %s format",
    (format) => {
      const directory = tempDir();
      const isShort = format === 'v7' || format === 'ustar';
      const name = isShort ? 'short' : `${'long-'.repeat(30)}ü`;
      mkdirSync(join(directory, 'dir'));
      writeFileSync(join(directory, 'dir', name), textBytes(3000));
      symlinkSync(name, join(directory, 'dir', 'z-link'));
      const options = ['--sort=name', `--format=${format}`, '-cf', '-', 'dir'];
      const entries = parse(execFileSync('tar', options, { cwd: directory }));
      expect(entries.map(({ header }) => [header.path, header.type, header.link])).toEqual([
        ['dir', 'directory', undefined],
        [`dir/${name}`, 'file', undefined],
        ['dir/z-link', 'symlink', name],
      ]);
      expect(entries[1]?.content).toEqual(textBytes(3000));
    },
  );
});

describe('the tar writer', () => {
  test('cuts the archive into full blocks, the last one apart', () => {
    const writer = new TarWriter(new BlockPool());
    writer.header(file('big', 2 * BLOCK_SIZE));
    expect(writer.offset).toBe(512);
    writer.write(textBytes(2 * BLOCK_SIZE));
    writer.end();
    expect(writer.takeFull().map((block) => block.length)).toEqual([BLOCK_SIZE, BLOCK_SIZE, 512 + 1024]);
    expect(writer.takeFull()).toEqual([]);
  });
});

async function readWithTarStream(archive: Buffer): Promise<{ headers: Header; content: Buffer }[]> {
  const found: { headers: Header; content: Buffer }[] = [];
  const reader = extract();
  Readable.from([archive]).pipe(reader);
  for await (const entry of reader) found.push({ headers: entry.header, content: await collect(Readable.from(entry)) });
  return found;
}
