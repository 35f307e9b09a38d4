/** What a filter is told of a system call (`struct seccomp_data`). */
export interface FilteredCall {
  readonly architecture: number;
  readonly number: number;
  readonly args?: readonly number[];
}

const DATA_BYTES = 64;

/** Carries out a filter (`struct sock_filter`, classic BPF) as seccomp(2) does, as far as libseccomp uses it; gives its verdict. */
export function verdictOf(program: Buffer, { architecture, number, args = [] }: FilteredCall): number {
  const data = Buffer.alloc(DATA_BYTES);
  data.writeInt32LE(number, 0);
  data.writeUInt32LE(architecture, 4);
  for (const [at, value] of args.entries()) data.writeBigUInt64LE(BigInt(value), 16 + 8 * at);
  let accumulator = 0;
  for (let at = 0; ; at++) {
    const code = program.readUInt16LE(8 * at);
    const [whenTrue, whenFalse] = [program.readUInt8(8 * at + 2), program.readUInt8(8 * at + 3)];
    const operand = program.readUInt32LE(8 * at + 4);
    switch (code) {
      case 0x20:
        accumulator = data.readUInt32LE(operand);
        break;
      case 0x54:
        accumulator = (accumulator & operand) >>> 0;
        break;
      case 0x05:
        at += operand;
        break;
      case 0x15:
        at += accumulator === operand ? whenTrue : whenFalse;
        break;
      case 0x25:
        at += accumulator > operand ? whenTrue : whenFalse;
        break;
      case 0x35:
        at += accumulator >= operand ? whenTrue : whenFalse;
        break;
      case 0x45:
        at += (accumulator & operand) !== 0 ? whenTrue : whenFalse;
        break;
      case 0x06:
        return operand;
      default:
        throw new TypeError(`an instruction that no filter of libseccomp has: ${code}`);
    }
  }
}
