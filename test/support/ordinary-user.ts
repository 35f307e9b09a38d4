import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** A user of this machine without rights, with subordinate ids. */
export interface OrdinaryUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  /** The command line that runs another one as this user; files of the repository can be read wherever it lies. */
  commandLine(argv: readonly string[]): readonly [program: string, ...args: string[]];
}

/** The user that the test host names, when these tests run as root. */
export function findOrdinaryUser(): OrdinaryUser | undefined {
  const name = process.env.LAMELLA_TEST_USER ?? 'tester';
  try {
    const line = execFileSync('getent', ['passwd', name], { encoding: 'utf8' }).trim().split(':');
    const [uid, gid, home] = [Number(line[2]), Number(line[3]), line[5] ?? '/'];
    return { name, uid, gid, home, commandLine: (argv) => asUser(argv, { uid, gid }) };
  } catch {
    return undefined;
  }
}

interface Ids {
  readonly uid: number;
  readonly gid: number;
}

function asUser(argv: readonly string[], ids: Ids): readonly [string, ...string[]] {
  const become = ['setpriv', '--reuid', String(ids.uid), '--regid', String(ids.gid), '--init-groups'];
  if (canRead(become)) return ['setpriv', ...become.slice(1), ...argv];
  // The checkout lies below a folder of root's: the command sees it at another place, in a mount namespace of its own.
  const place = mountPoint();
  const moved = argv.map((word) => word.replaceAll(REPOSITORY, place));
  return [
    'unshare',
    '--mount',
    'sh',
    '-c',
    'mount --bind "$0" "$1" && shift && exec "$@"',
    REPOSITORY,
    place,
    ...become,
    ...moved,
  ];
}

let readable: boolean | undefined;

function canRead([program = '', ...become]: readonly string[]): boolean {
  readable ??= spawnSync(program, [...become, 'test', '-r', join(REPOSITORY, 'package.json')]).status === 0;
  return readable;
}

let place: string | undefined;

function mountPoint(): string {
  if (place !== undefined) return place;
  const made = mkdtempSync(join(tmpdir(), 'lamella-repository-'));
  chmodSync(made, 0o755);
  process.on('exit', () => rmdirSync(made));
  place = made;
  return made;
}
