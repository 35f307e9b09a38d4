import type { BigIntStats } from 'node:fs';

/** What tells whether a file changed, as the file system reports it, exactly. */
export interface FileIdentity {
  readonly dev: number;
  /** A bigint only where a number would not be exact. */
  readonly ino: number | bigint;
  readonly size: number;
  readonly mode: number;
  /** Times in whole seconds since 1970, and the rest of each in nanoseconds. */
  readonly mtime: number;
  readonly mtimeNanoseconds: number;
  readonly ctime: number;
  readonly ctimeNanoseconds: number;
}

/** Numbers of 32 bits that an identity is kept in: all whole, those that may be large in two halves. */
export const IDENTITY_WORDS = 13;

const [DEV, INO, SIZE, MODE, MTIME, MTIME_REST, CTIME, CTIME_REST] = [0, 2, 4, 6, 7, 9, 10, 12] as const;

/** An identity where it is kept: of 100,000 files none becomes an object before somebody asks. */
export class KeptIdentity implements FileIdentity {
  readonly words: Uint32Array;
  readonly at: number;

  constructor(words: Uint32Array, at: number) {
    this.words = words;
    this.at = at;
  }

  get dev(): number {
    return unsigned(this.words, this.at + DEV);
  }

  get ino(): number | bigint {
    const inode = unsigned(this.words, this.at + INO);
    return Number.isSafeInteger(inode) ? inode : exact(this.words, this.at + INO);
  }

  get size(): number {
    return sizeAt(this.words, this.at);
  }

  get mode(): number {
    return modeAt(this.words, this.at);
  }

  get mtime(): number {
    return mtimeAt(this.words, this.at);
  }

  get mtimeNanoseconds(): number {
    return mtimeNanosecondsAt(this.words, this.at);
  }

  get ctime(): number {
    return signed(this.words, this.at + CTIME);
  }

  get ctimeNanoseconds(): number {
    return this.words[this.at + CTIME_REST] ?? 0;
  }
}

export function sizeAt(words: Uint32Array, at: number): number {
  return unsigned(words, at + SIZE);
}

export function modeAt(words: Uint32Array, at: number): number {
  return words[at + MODE] ?? 0;
}

export function mtimeAt(words: Uint32Array, at: number): number {
  return signed(words, at + MTIME);
}

export function mtimeNanosecondsAt(words: Uint32Array, at: number): number {
  return words[at + MTIME_REST] ?? 0;
}

export function identityOf(stats: BigIntStats): FileIdentity {
  const words = new Uint32Array(IDENTITY_WORDS);
  keepStats(stats, words, 0);
  return new KeptIdentity(words, 0);
}

/** Makes an identity of what the file system tells. */
export function keepStats(stats: BigIntStats, words: Uint32Array, at: number): void {
  putWhole(stats.dev, words, at + DEV);
  putWhole(stats.ino, words, at + INO);
  putWhole(stats.size, words, at + SIZE);
  words[at + MODE] = Number(stats.mode);
  putTime(stats.mtimeNs, words, at + MTIME);
  putTime(stats.ctimeNs, words, at + CTIME);
}

/** Copies an identity. */
export function keepIdentity(identity: FileIdentity, words: Uint32Array, at: number): void {
  if (identity instanceof KeptIdentity) {
    for (let word = 0; word < IDENTITY_WORDS; word++) words[at + word] = identity.words[identity.at + word] ?? 0;
    return;
  }
  const { dev, ino, size, mode, mtime, mtimeNanoseconds, ctime, ctimeNanoseconds } = identity;
  putNumber(dev, words, at + DEV);
  if (typeof ino === 'bigint') putWhole(ino, words, at + INO);
  else putNumber(ino, words, at + INO);
  putNumber(size, words, at + SIZE);
  words[at + MODE] = mode;
  putNumber(mtime, words, at + MTIME);
  words[at + MTIME_REST] = mtimeNanoseconds;
  putNumber(ctime, words, at + CTIME);
  words[at + CTIME_REST] = ctimeNanoseconds;
}

export function isSameIdentity(a: FileIdentity, b: FileIdentity): boolean {
  return (
    a.dev === b.dev &&
    a.ino === b.ino &&
    a.size === b.size &&
    a.mode === b.mode &&
    a.mtime === b.mtime &&
    a.mtimeNanoseconds === b.mtimeNanoseconds &&
    a.ctime === b.ctime &&
    a.ctimeNanoseconds === b.ctimeNanoseconds
  );
}

/** Milliseconds since 1970 with their fraction, as Node rounds times that are not asked for as bigint. */
export function milliseconds(seconds: number, nanoseconds: number): number {
  return seconds * 1000 + nanoseconds / 1e6;
}

const HALF = 2 ** 32;
const SECOND = 1_000_000_000;
const SCRATCH = new DataView(new ArrayBuffer(8));

function putNumber(value: number, words: Uint32Array, at: number): void {
  words[at] = Math.floor(value / HALF);
  words[at + 1] = value;
}

function putWhole(value: bigint, words: Uint32Array, at: number): void {
  SCRATCH.setBigInt64(0, value);
  words[at] = SCRATCH.getUint32(0);
  words[at + 1] = SCRATCH.getUint32(4);
}

/**
 * Seconds rounded down, before 1970 too, and the rest. The quotient of two inexact numbers is off by one at most; 32 bits of
 * what remains tell by how much, without the objects that dividing bigints makes.
 */
function putTime(nanoseconds: bigint, words: Uint32Array, at: number): void {
  SCRATCH.setBigInt64(0, nanoseconds);
  let seconds = Math.floor(Number(nanoseconds) / SECOND);
  let rest = (SCRATCH.getUint32(4) - Math.imul(seconds, SECOND)) | 0;
  if (rest < 0) {
    seconds--;
    rest += SECOND;
  } else if (rest >= SECOND) {
    seconds++;
    rest -= SECOND;
  }
  putNumber(seconds, words, at);
  words[at + 2] = rest;
}

function unsigned(words: Uint32Array, at: number): number {
  return (words[at] ?? 0) * HALF + (words[at + 1] ?? 0);
}

function signed(words: Uint32Array, at: number): number {
  return ((words[at] ?? 0) | 0) * HALF + (words[at + 1] ?? 0);
}

function exact(words: Uint32Array, at: number): bigint {
  return (BigInt(words[at] ?? 0) << 32n) | BigInt(words[at + 1] ?? 0);
}
