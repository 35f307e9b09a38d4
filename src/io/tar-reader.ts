import { LayerError } from '../core/errors.ts';
import { corruptTar, decodeTarHeader, isZeroRecord, type RawTarHeader } from './tar-decode.ts';
import { completeHeader } from './tar-extension.ts';
import { MAX_PATH, TAR_RECORD, type TarHeader, tarPadding } from './tar-header.ts';
import { type PaxRecords, parsePaxRecords } from './tar-pax.ts';

/** Is told of an archive as it passes; called synchronously by {@link TarParser.push}. */
export interface TarHandler {
  /** `offset` is where the content begins in the archive. */
  onEntry(header: TarHeader, offset: number): void;
  /** The next bytes of the content, a view of the pushed chunk. */
  onData?(chunk: Buffer): void;
  /** The content is complete; also called for entries without content. */
  onEnd?(): void;
}

/** PAX and GNU records are small; a larger one is an attack. */
const MAX_EXTENSION_BYTES = 1 << 20;

/**
 * Reads a tar archive (v7, ustar, PAX, GNU long names) from chunks of any size.
 * @throws LayerError `LAYER_TAR_CORRUPT`, `LAYER_TAR_UNSUPPORTED`, `LAYER_PATH_TOO_LONG`, `LAYER_TOO_LARGE`
 */
export class TarParser {
  readonly #handler: TarHandler;
  readonly #record: Buffer = Buffer.alloc(TAR_RECORD);
  readonly #global: PaxRecords = new Map();
  #globalBytes = 0;
  #local: PaxRecords = new Map();
  #longName: string | undefined;
  #longLink: string | undefined;
  #state: 'header' | 'content' | 'extension' | 'padding' | 'done' = 'header';
  #filled = 0;
  #remaining = 0;
  #padding = 0;
  #offset = 0;
  #entry = '';
  #extension: { readonly flag: string; readonly content: Buffer } | undefined;

  constructor(handler: TarHandler) {
    this.#handler = handler;
  }

  /** Whether the end mark has been read; what follows it is ignored. */
  get isDone(): boolean {
    return this.#state === 'done';
  }

  push(chunk: Uint8Array): void {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    for (let at = 0; at < bytes.length && this.#state !== 'done'; ) {
      const used = this.#step(bytes, at);
      at += used;
      this.#offset += used;
    }
  }

  /** To be called after the last chunk. An archive without its end mark is taken, one that stops in an entry is not. */
  end(): void {
    const isBetween = this.#state === 'header' && this.#filled === 0 && !this.#hasExtensions();
    if (this.#state !== 'done' && !isBetween) throw corruptTar('it ends too early', this.#offset, this.#entry);
  }

  /** Handles what is at `at` and says how many bytes that took. */
  #step(bytes: Buffer, at: number): number {
    switch (this.#state) {
      case 'header':
        return this.#readHeader(bytes, at);
      case 'content':
        return this.#readContent(bytes, at);
      case 'extension':
        return this.#readExtension(bytes, at);
      default:
        return this.#skipPadding(bytes.length - at);
    }
  }

  #readHeader(bytes: Buffer, at: number): number {
    if (this.#filled === 0 && bytes.length - at >= TAR_RECORD) {
      this.#header(bytes, at, this.#offset);
      return TAR_RECORD;
    }
    const used = bytes.copy(this.#record, this.#filled, at, at + TAR_RECORD - this.#filled);
    this.#filled += used;
    if (this.#filled === TAR_RECORD) {
      this.#filled = 0;
      this.#header(this.#record, 0, this.#offset + used - TAR_RECORD);
    }
    return used;
  }

  #header(block: Buffer, at: number, offset: number): void {
    if (block[at] === 0 && isZeroRecord(block, at)) {
      this.#state = 'done';
      return;
    }
    const raw = decodeTarHeader(block, at, offset);
    if (raw.size < 0) throw corruptTar('the size is negative', offset, raw.name);
    if ('xgLKV'.includes(raw.flag)) this.#beginExtension(raw, offset);
    else this.#beginEntry(raw, offset);
  }

  #beginEntry(raw: RawTarHeader, offset: number): void {
    const header = completeHeader(raw, this.#extensions(), offset);
    if (header.path.length > MAX_PATH) throw pathTooLong(header.path);
    this.#local = new Map();
    this.#longName = undefined;
    this.#longLink = undefined;
    this.#entry = header.path;
    this.#remaining = header.size;
    this.#padding = tarPadding(header.size);
    this.#handler.onEntry(header, offset + TAR_RECORD);
    if (header.size > 0) this.#state = 'content';
    else this.#endContent();
  }

  #readContent(bytes: Buffer, at: number): number {
    const used = Math.min(this.#remaining, bytes.length - at);
    this.#remaining -= used;
    this.#handler.onData?.(bytes.subarray(at, at + used));
    if (this.#remaining === 0) this.#endContent();
    return used;
  }

  #endContent(): void {
    this.#handler.onEnd?.();
    this.#state = this.#padding === 0 ? 'header' : 'padding';
  }

  #skipPadding(available: number): number {
    const used = Math.min(this.#padding, available);
    this.#padding -= used;
    if (this.#padding === 0) this.#state = 'header';
    return used;
  }

  #beginExtension(raw: RawTarHeader, offset: number): void {
    if (raw.size > MAX_EXTENSION_BYTES) {
      throw recordTooLarge(raw.size, offset, raw.name);
    }
    this.#extension = { flag: raw.flag, content: Buffer.alloc(raw.size) };
    this.#remaining = raw.size;
    this.#padding = tarPadding(raw.size);
    this.#state = 'extension';
    if (raw.size === 0) this.#endExtension();
  }

  #readExtension(bytes: Buffer, at: number): number {
    const content = this.#extension?.content ?? Buffer.alloc(0);
    const used = bytes.copy(content, content.length - this.#remaining, at, at + this.#remaining);
    this.#remaining -= used;
    if (this.#remaining === 0) this.#endExtension();
    return used;
  }

  #endExtension(): void {
    const { flag = '', content = Buffer.alloc(0) } = this.#extension ?? {};
    this.#extension = undefined;
    if (flag === 'x') this.#local = parsePaxRecords(content, this.#offset);
    if (flag === 'g') this.#addGlobal(content);
    if (flag === 'L') this.#longName = untilNul(content);
    if (flag === 'K') this.#longLink = untilNul(content);
    this.#state = this.#padding === 0 ? 'header' : 'padding';
  }

  /** They hold for all that follows, so that all of them together are bounded as one is. */
  #addGlobal(content: Buffer): void {
    this.#globalBytes += content.length;
    if (this.#globalBytes > MAX_EXTENSION_BYTES) throw recordTooLarge(this.#globalBytes, this.#offset, this.#entry);
    for (const [key, value] of parsePaxRecords(content, this.#offset)) this.#global.set(key, value);
  }

  #extensions(): { global: PaxRecords; local: PaxRecords; longName?: string; longLink?: string } {
    return {
      global: this.#global,
      local: this.#local,
      ...(this.#longName !== undefined && { longName: this.#longName }),
      ...(this.#longLink !== undefined && { longLink: this.#longLink }),
    };
  }

  #hasExtensions(): boolean {
    return this.#local.size > 0 || this.#longName !== undefined || this.#longLink !== undefined;
  }
}

function untilNul(content: Buffer): string {
  const end = content.indexOf(0);
  return content.toString('utf8', 0, end < 0 ? content.length : end);
}

function recordTooLarge(size: number, offset: number, entry: string): LayerError {
  return new LayerError('LAYER_TOO_LARGE', `a header record of ${size} bytes at offset ${offset} of the archive`, {
    entry,
    hint: `PAX and GNU records may have up to ${MAX_EXTENSION_BYTES} bytes`,
  });
}

function pathTooLong(path: string): LayerError {
  const start = path.slice(0, 80);
  return new LayerError('LAYER_PATH_TOO_LONG', `a path of ${path.length} characters in the archive: ${start}…`, {
    entry: start,
    hint: `no system takes more than ${MAX_PATH} bytes: leave it out of the archive`,
  });
}
