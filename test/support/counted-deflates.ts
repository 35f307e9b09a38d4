import { syncBuiltinESMExports } from 'node:module';
import zlib from 'node:zlib';

/** Runs something and says how many blocks were deflated in it. */
export async function countedDeflates(run: () => Promise<unknown>): Promise<number> {
  let count = 0;
  const original = zlib.deflateRaw;
  zlib.deflateRaw = ((...args: unknown[]): void => {
    count++;
    Reflect.apply(original, zlib, args);
  }) as unknown as typeof original;
  syncBuiltinESMExports();
  try {
    await run();
  } finally {
    zlib.deflateRaw = original;
    syncBuiltinESMExports();
  }
  return count;
}
