import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { relative } from 'node:path';

/** Runs something and says which files below a folder were opened in it, once for each time; sorted, relative. */
export async function countedOpens(folder: string, run: () => Promise<unknown>): Promise<string[]> {
  const opened: string[] = [];
  const original = fs.openSync;
  fs.openSync = (path, ...rest) => {
    if (String(path).startsWith(`${folder}/`)) opened.push(relative(folder, String(path)));
    return original(path, ...rest);
  };
  syncBuiltinESMExports();
  try {
    await run();
  } finally {
    fs.openSync = original;
    syncBuiltinESMExports();
  }
  return opened.sort();
}
