import { DeflateRaw, ZstdCompress } from 'node:zlib';

const COMPRESSORS = [DeflateRaw.prototype, ZstdCompress.prototype];

/** Runs something and says how many blocks were compressed in it. */
export async function countedCompressions(run: () => Promise<unknown>): Promise<number> {
  let count = 0;
  for (const prototype of COMPRESSORS) {
    const { write } = prototype;
    prototype.write = function (this: typeof prototype, ...args: unknown[]): boolean {
      count++;
      return Reflect.apply(write, this, args) as boolean;
    };
  }
  try {
    await run();
  } finally {
    // What stands there is the inherited method again.
    for (const prototype of COMPRESSORS) Reflect.deleteProperty(prototype, 'write');
  }
  return count;
}
