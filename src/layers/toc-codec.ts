import { endianness } from 'node:os';
import { crc32 } from 'node:zlib';
import type { DiffId } from '../core/digest.ts';
import { LayerError } from '../core/errors.ts';
import type { Toc, TocEntry } from '../core/toc.ts';
import { freeMemory } from '../io/free-memory.ts';
import { SectionWriter } from './columns.ts';
import { checkedColumns } from './toc-checks.ts';
import { type StoredHead, TocTable } from './toc-table.ts';
import { TocWriter } from './toc-writer.ts';

/**
 * How a table of contents is stored, to be used where it lies: a mark, a checksum of what follows it, the length of the
 * head, the head as JSON, and sections of numbers and texts, one column per property, in the byte order of the machine.
 */
const MARK = Buffer.from('lamella toc 0003');
const CHECKSUM_AT = MARK.length;
const LENGTH_AT = CHECKSUM_AT + 4;
const HEAD_AT = LENGTH_AT + 4;
const ALIGNMENT = 8;

/** A table of contents over the bytes that hold it; entries are made anew each time that somebody asks for them. */
class StoredToc implements Toc {
  readonly version = 1;
  readonly diffId: DiffId;
  readonly size: number;
  readonly table: TocTable;

  constructor(table: TocTable) {
    this.diffId = table.head.diffId;
    this.size = table.head.size;
    this.table = table;
  }

  get entries(): readonly TocEntry[] {
    return this.table.entries();
  }
}

export function encodeToc(toc: Toc): Uint8Array {
  return toc instanceof StoredToc ? toc.table.bytes : encode(toc);
}

/** The rows of a table of contents, whether it was stored or not. */
export function tableOf(toc: Toc): TocTable {
  return toc instanceof StoredToc ? toc.table : open(encode(toc));
}

/** The same, as it is stored: without an object for each entry. */
export function compactToc(toc: Toc): Toc {
  return new StoredToc(tableOf(toc));
}

/**
 * Reads what {@link encodeToc} wrote, from a place that need not be trusted: entries that do not name a path inside the
 * root are refused. The bytes belong to the table from then on.
 * @throws LayerError `LAYER_TOC_INVALID`
 */
export function decodeToc(bytes: Uint8Array): Toc {
  return new StoredToc(open(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)));
}

/** The table of contents of the entries that a writer was given, which is given no more. */
export function storedToc(writer: TocWriter, layer: Pick<Toc, 'diffId' | 'size'>): Toc {
  return new StoredToc(open(written(writer, layer)));
}

function encode({ entries, ...layer }: Toc): Buffer {
  const writer = new TocWriter();
  for (const entry of entries) writer.add(entry);
  return written(writer, layer);
}

function written(writer: TocWriter, { diffId, size }: Pick<Toc, 'diffId' | 'size'>): Buffer {
  const sections = new SectionWriter();
  const { count, isPlain, ...columns } = writer.storeIn(sections);
  const stored: StoredHead = { order: endianness(), diffId, size, count, isPlain, ...columns };
  const json = JSON.stringify(stored);
  const head = Buffer.from(json.padEnd(json.length + padding(HEAD_AT + json.length)));
  const bytes = moveTogether(Buffer.concat([MARK, Buffer.alloc(HEAD_AT - MARK.length), head]), sections.parts);
  bytes.writeUInt32LE(head.length, LENGTH_AT);
  bytes.writeUInt32LE(crc32(bytes.subarray(LENGTH_AT)), CHECKSUM_AT);
  return bytes;
}

/** Copies parts behind a head, and gives their memory back on the way: the table is not there twice. */
function moveTogether(head: Buffer, parts: readonly Uint8Array[]): Buffer {
  const bytes = Buffer.allocUnsafeSlow(parts.reduce((sum, { length }) => sum + length, head.length));
  const lastIn = new Map(parts.map(({ buffer }, index) => [buffer, index]));
  let at = head.copy(bytes);
  parts.forEach((part, index) => {
    bytes.set(part, at);
    at += part.length;
    if (lastIn.get(part.buffer) === index) freeMemory(part);
  });
  return bytes;
}

function open(given: Buffer): TocTable {
  const bytes = given.byteOffset % ALIGNMENT === 0 ? given : Buffer.from(new Uint8Array(given).buffer);
  try {
    if (!bytes.subarray(0, MARK.length).equals(MARK)) throw new RangeError('another version');
    if (crc32(bytes.subarray(LENGTH_AT)) !== bytes.readUInt32LE(CHECKSUM_AT)) throw new RangeError('another checksum');
    const end = HEAD_AT + bytes.readUInt32LE(LENGTH_AT);
    const stored = JSON.parse(bytes.toString('utf8', HEAD_AT, end)) as StoredHead;
    if (stored.order !== endianness()) throw new RangeError('another byte order');
    return new TocTable(...checkedColumns(stored, bytes.subarray(end)), bytes);
  } catch (cause) {
    throw new LayerError('LAYER_TOC_INVALID', 'damaged table of contents', {
      hint: 'it was altered or comes from another version; build without that cache',
      cause,
    });
  }
}

function padding(length: number): number {
  return -length & (ALIGNMENT - 1);
}
