import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder of the machine that nothing in a build may read or change. */
export interface Outside extends Disposable {
  readonly path: string;
  readonly expected: unknown;
  state(): unknown;
}

const LONG_AGO = 1_000_000_000;

/** Holds the files `secret` and `empty` and the empty folder `hollow`; only the sandbox keeps anybody from writing to it. */
export function openOutside(): Outside {
  const path = mkdtempSync(join(tmpdir(), 'lamella-outside-'));
  mkdirSync(join(path, 'hollow'));
  writeFileSync(join(path, 'secret'), 'only outside');
  writeFileSync(join(path, 'empty'), '');
  for (const name of ['hollow', 'secret', 'empty', '']) {
    chmodSync(join(path, name), name.includes('e') ? 0o666 : 0o777);
    utimesSync(join(path, name), LONG_AGO, LONG_AGO);
  }
  return {
    path,
    expected: stateOf(path),
    state: () => stateOf(path),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}

function stateOf(path: string): unknown {
  const names = ['.', ...readdirSync(path)].sort();
  return names.map((name) => {
    const { mode, uid, gid, mtimeMs, size } = statSync(join(path, name));
    const isFile = !['.', 'hollow'].includes(name);
    return { name, mode, uid, gid, mtimeMs, ...(isFile && { size, text: readFileSync(join(path, name), 'utf8') }) };
  });
}
