import { closeSync, readSync } from 'node:fs';
import { createRequire } from 'node:module';
import { loadLibc } from './libc/libc.ts';

/** A system call that fails with an error; where `masked` is given, only with arguments of these bits. */
export interface RefusedCall {
  readonly name: string;
  readonly errno: number;
  readonly masked: readonly MaskedArgument[];
}

export interface MaskedArgument {
  readonly index: number;
  readonly mask: number;
  readonly value: number;
}

export interface CallFilter {
  /** Beside that of this process, as seccomp_arch_resolve_name(3) has them. */
  readonly architectures: readonly string[];
  /** All others are allowed. */
  readonly refused: readonly RefusedCall[];
}

const ALLOW = 0x7fff0000;
const REFUSE = 0x00050000;
const MASKED_EQUAL = 7;
const UNKNOWN_CALL = -1;
/** -EEXIST: the architecture of this process. */
const IS_THERE = -17;
/** `struct scmp_arg_cmp`: argument, comparison, and two numbers of 64 bits. */
const COMPARISON_BYTES = 24;
/** A filter has at most 4,096 instructions of 8 bytes (BPF_MAXINSNS), and so fits in a pipe. */
const MAX_BYTES = 4096 * 8;

/**
 * What libseccomp makes of a filter: `struct sock_filter` one after the other, as seccomp(2) takes them. `undefined` where it, or
 * koffi, is not there, where it does not know all of the calls (whoever else reads the filter may), or where it refuses.
 */
export function compileFilter(filter: CallFilter): Buffer | undefined {
  try {
    return compiled(filter);
  } catch {
    return undefined;
  }
}

function compiled({ architectures, refused }: CallFilter): Buffer | undefined {
  const libc = loadLibc();
  if (libc === undefined) return undefined;
  const { load } = createRequire(import.meta.url)('koffi') as typeof import('koffi');
  const library = load('libseccomp.so.2');
  const context: unknown = library.func('void *seccomp_init(uint32_t action)')(ALLOW);
  const release = library.func('void seccomp_release(void *context)');
  const [readEnd, writeEnd] = libc.makePipe();
  try {
    const architectureOf = library.func('uint32_t seccomp_arch_resolve_name(const char *name)');
    const addArchitecture = library.func('int seccomp_arch_add(void *context, uint32_t architecture)');
    for (const name of architectures) {
      if (![0, IS_THERE].includes(addArchitecture(context, architectureOf(name)))) return undefined;
    }
    const callOf = library.func('int seccomp_syscall_resolve_name(const char *name)');
    const addRule = library.func(
      'int seccomp_rule_add_array(void *context, uint32_t action, int call, uint count, const void *comparisons)',
    );
    for (const { name, errno, masked } of refused) {
      const call: number = callOf(name);
      if (call === UNKNOWN_CALL) return undefined;
      if (addRule(context, REFUSE | errno, call, masked.length, comparisons(masked)) < 0) return undefined;
    }
    if (library.func('int seccomp_export_bpf(void *context, int fd)')(context, writeEnd) < 0) return undefined;
    const bytes = Buffer.alloc(MAX_BYTES);
    return bytes.subarray(0, readSync(readEnd, bytes));
  } finally {
    release(context);
    closeSync(readEnd);
    closeSync(writeEnd);
  }
}

function comparisons(masked: readonly MaskedArgument[]): Buffer {
  const out = Buffer.alloc(COMPARISON_BYTES * masked.length);
  for (const [at, { index, mask, value }] of masked.entries()) {
    out.writeUInt32LE(index, at * COMPARISON_BYTES);
    out.writeUInt32LE(MASKED_EQUAL, at * COMPARISON_BYTES + 4);
    out.writeBigUInt64LE(BigInt(mask), at * COMPARISON_BYTES + 8);
    out.writeBigUInt64LE(BigInt(value), at * COMPARISON_BYTES + 16);
  }
  return out;
}
