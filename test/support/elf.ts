/** What an ELF file for a 64-bit little-endian machine says of where it runs. */
export interface Elf {
  readonly machine: 'x64' | 'arm64';
  /** The program loader that the kernel starts; absent for a library or a static program. */
  readonly interpreter?: string;
  /** Libraries that it asks for. */
  readonly needed: readonly string[];
}

const MACHINES: Readonly<Record<number, Elf['machine']>> = { 62: 'x64', 183: 'arm64' };
const LOAD = 1;
const DYNAMIC = 2;
const INTERPRETER = 3;
const NEEDED = 1n;
const STRING_TABLE = 5n;

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: bigint;
  readonly size: number;
}

/** `undefined` for what is not an ELF file. */
export function readElf(bytes: Buffer): Elf | undefined {
  if (bytes.length < 64 || bytes.readUInt32BE(0) !== 0x7f454c46) return undefined;
  const machine = MACHINES[bytes.readUInt16LE(18)];
  if (bytes[4] !== 2 || bytes[5] !== 1 || machine === undefined) throw new Error('an ELF file for another machine');
  const segments = segmentsOf(bytes);
  const interpreter = segments.find(({ type }) => type === INTERPRETER);
  return {
    machine,
    ...(interpreter !== undefined && { interpreter: textAt(bytes, interpreter.offset) }),
    needed: neededOf(bytes, segments),
  };
}

function segmentsOf(bytes: Buffer): Segment[] {
  const [start, size, count] = [Number(bytes.readBigUInt64LE(32)), bytes.readUInt16LE(54), bytes.readUInt16LE(56)];
  return Array.from({ length: count }, (_, index) => {
    const at = start + index * size;
    return {
      type: bytes.readUInt32LE(at),
      offset: Number(bytes.readBigUInt64LE(at + 8)),
      address: bytes.readBigUInt64LE(at + 16),
      size: Number(bytes.readBigUInt64LE(at + 32)),
    };
  });
}

function neededOf(bytes: Buffer, segments: readonly Segment[]): string[] {
  const dynamic = segments.find(({ type }) => type === DYNAMIC);
  if (dynamic === undefined) return [];
  const entries = Array.from({ length: dynamic.size / 16 }, (_, index) => {
    const at = dynamic.offset + index * 16;
    return { tag: bytes.readBigUInt64LE(at), value: bytes.readBigUInt64LE(at + 8) };
  });
  const table = entries.find(({ tag }) => tag === STRING_TABLE)?.value ?? 0n;
  const names = entries.filter(({ tag }) => tag === NEEDED).map(({ value }) => fileOffset(segments, table + value));
  return names.map((at) => textAt(bytes, at));
}

function fileOffset(segments: readonly Segment[], address: bigint): number {
  const within = ({ type, address: start, size }: Segment): boolean =>
    type === LOAD && start <= address && address < start + BigInt(size);
  const found = segments.find(within);
  if (found === undefined) throw new Error(`nothing is loaded at ${address}`);
  return found.offset + Number(address - found.address);
}

function textAt(bytes: Buffer, start: number): string {
  return bytes.toString('latin1', start, bytes.indexOf(0, start));
}
