import { type CharacterClass, type GlobToken, parseGlob } from './glob.ts';

/** What one position of a pattern accepts: that byte, any character but `/`, or a class of characters. */
type Position = number | 'any' | CharacterClass;

/** A run of positions; with `star`, after any number of bytes that are not `/`. */
interface Chunk {
  readonly star: boolean;
  readonly positions: Position[];
}

const SLASH = 0x2f;

/**
 * Compiles a pattern of Go's `filepath.Match`, with Go's result for every path: bytes are compared, and a class may
 * match `/`.
 * @throws PlanError `PLAN_BAD_PATTERN`
 */
export function compileMatch(pattern: string): (path: string) => boolean {
  const chunks = toChunks(parseGlob(pattern));
  return (path) => matchChunks(chunks, byteString(path));
}

function toChunks(tokens: readonly GlobToken[]): Chunk[] {
  const chunks: Chunk[] = [];
  let current: Chunk | undefined;
  for (const token of tokens) {
    if (token.kind === 'star') {
      if (current?.star && current.positions.length === 0) continue;
      current = { star: true, positions: [] };
      chunks.push(current);
      continue;
    }
    if (current === undefined) {
      current = { star: false, positions: [] };
      chunks.push(current);
    }
    current.positions.push(...toPositions(token));
  }
  return chunks;
}

function toPositions(token: Exclude<GlobToken, { kind: 'star' }>): Position[] {
  if (token.kind === 'any') return ['any'];
  if (token.kind === 'class') return [token];
  return Array.from(byteString(token.text), (byte) => byte.charCodeAt(0));
}

/** Go takes the leftmost place where a chunk fits and never comes back to it. */
function matchChunks(chunks: readonly Chunk[], path: string): boolean {
  let at = 0;
  for (const [index, chunk] of chunks.entries()) {
    if (chunk.star && chunk.positions.length === 0) return path.indexOf('/', at) < 0;
    const end = findChunk(chunk, path, at, index === chunks.length - 1);
    if (end === undefined) return false;
    at = end;
  }
  return at === path.length;
}

function findChunk(chunk: Chunk, path: string, start: number, last: boolean): number | undefined {
  for (let at = start; ; at++) {
    const end = matchPositions(chunk.positions, path, at);
    if (end !== undefined && (!last || end === path.length)) return end;
    if (!chunk.star || at >= path.length || path.charCodeAt(at) === SLASH) return undefined;
  }
}

function matchPositions(positions: readonly Position[], path: string, start: number): number | undefined {
  let at = start;
  for (const position of positions) {
    if (at >= path.length) return undefined;
    if (typeof position === 'number') {
      if (path.charCodeAt(at) !== position) return undefined;
      at++;
      continue;
    }
    const [rune, width] = decodeRune(path, at);
    if (position === 'any' ? rune === SLASH : !inClass(position, rune)) return undefined;
    at += width;
  }
  return at;
}

function inClass({ negated, ranges }: CharacterClass, rune: number): boolean {
  return ranges.some(([first, last]) => first <= rune && rune <= last) !== negated;
}

/** Text as UTF-8, one character for each byte. */
function byteString(text: string): string {
  if (!/[^\x00-\x7f]/.test(text)) return text;
  return Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join('');
}

/** The character at a byte and its length; U+FFFD of length 1 in the middle of one, as in Go. */
function decodeRune(bytes: string, at: number): readonly [rune: number, width: number] {
  const lead = bytes.charCodeAt(at);
  if (lead < 0x80) return [lead, 1];
  if (lead < 0xc0) return [0xfffd, 1];
  const width = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  let rune = lead & (0x7f >> width);
  for (let i = 1; i < width; i++) rune = (rune << 6) | (bytes.charCodeAt(at + i) & 0x3f);
  return [rune, width];
}
