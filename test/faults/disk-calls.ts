import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

/** The calls by which a build finds and reads the files of a directory. */
const CALLS = ['lstatSync', 'readlinkSync', 'readdirSync', 'openSync', 'readSync', 'createReadStream'] as const;

/**
 * Counts the calls that ask the disk for something below a folder while `run` goes on, and does `fault` right before the
 * one of that number. So every moment between two calls can be met, again and again, which no clock can do.
 */
export async function atDiskCall<T>(
  { folder, call, fault }: { readonly folder: string; readonly call: number; readonly fault: () => void },
  run: () => Promise<T>,
): Promise<{ readonly result: PromiseSettledResult<T>; readonly calls: number }> {
  const originals = Object.fromEntries(CALLS.map((name) => [name, fs[name]]));
  const isBelow = openedBelow(folder);
  let calls = 0;
  let isHurting = false;
  for (const name of CALLS) {
    const original = fs[name] as (...args: readonly unknown[]) => unknown;
    Object.assign(fs, {
      [name](...args: readonly unknown[]) {
        if (isHurting || !isBelow.asks(args[0])) return original(...args);
        if (calls++ === call) {
          isHurting = true;
          fault();
          isHurting = false;
        }
        return isBelow.remember(name, original(...args));
      },
    });
  }
  syncBuiltinESMExports();
  try {
    const [result] = await Promise.allSettled([run()]);
    return { result, calls };
  } finally {
    Object.assign(fs, originals);
    syncBuiltinESMExports();
  }
}

/** Knows files of a folder by their path and, once they were opened, by their number. */
function openedBelow(folder: string): {
  asks(file: unknown): boolean;
  remember<T>(call: (typeof CALLS)[number], answer: T): T;
} {
  const open = new Set<unknown>();
  return {
    asks: (file) => open.has(file) || (typeof file === 'string' && `${file}/`.startsWith(`${folder}/`)),
    remember(call, answer) {
      if (call === 'openSync') open.add(answer);
      return answer;
    },
  };
}
