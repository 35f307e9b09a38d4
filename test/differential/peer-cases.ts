import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

export type PeerName = 'docker' | 'buildah';

/** A difference that the reference settles: what lamella and the peer have at one place, and the section that says so. */
interface Verdict {
  readonly peer: PeerName;
  readonly at: string;
  readonly lamella?: unknown;
  readonly theirs?: unknown;
  readonly why: string;
}

/** A folder of `cases/`: `case.json`, a Dockerfile and perhaps a context. */
export interface PeerCase {
  readonly name: string;
  /** What it tries, by section of dockerfile-semantics.md. */
  readonly about: string;
  readonly file?: string;
  readonly target?: string;
  readonly buildArgs?: Readonly<Record<string, string>>;
  /** Text by the ID of a secret. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Shell lines, run in the context, for what git cannot keep: hard links, fifos, modes, archives. */
  readonly prepare?: readonly string[];
  /** Peers that cannot build it, and why. */
  readonly without?: Partial<Readonly<Record<PeerName, string>>>;
  readonly verdicts?: readonly Verdict[];
  /** What stands for the folder of a case that has none. */
  readonly layout?: { readonly dockerfileText: string; readonly context: string };
}

/** A case laid out in a folder of its own, where every builder finds the same bytes. */
export interface PreparedCase extends PeerCase {
  readonly dockerfile: string;
  readonly context: string;
  readonly secretFiles: Readonly<Record<string, string>>;
  /** For what a builder makes of it. */
  readonly out: string;
}

const CASES = join(import.meta.dirname, 'cases');

export function listPeerCases(): readonly PeerCase[] {
  const only = process.env.LAMELLA_TEST_CASE ?? '';
  const names = readdirSync(CASES).filter((name) => name.includes(only));
  return names.sort().map((name) => ({ ...JSON.parse(readFileSync(join(CASES, name, 'case.json'), 'utf8')), name }));
}

export function prepareCase(each: PeerCase, root: string): PreparedCase {
  const dir = join(root, each.name);
  const context = join(dir, 'context');
  const secrets = join(dir, 'secrets');
  const out = join(dir, 'out');
  if (each.layout === undefined) cpSync(join(CASES, each.name), dir, { recursive: true, verbatimSymlinks: true });
  else layOut(each.layout, dir);
  for (const folder of [context, secrets, out]) mkdirSync(folder, { recursive: true });
  settle(context);
  const environment = { ...process.env, LC_ALL: 'C', PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
  const script = ['set -eu', 'umask 022', ...(each.prepare ?? [])].join('\n');
  execFileSync('/bin/sh', ['-c', script], { cwd: context, env: environment });
  return {
    ...each,
    dockerfile: join(dir, each.file ?? 'Dockerfile'),
    context,
    secretFiles: writeSecrets(each, secrets),
    out,
  };
}

function layOut({ dockerfileText, context }: NonNullable<PeerCase['layout']>, dir: string): void {
  cpSync(context, join(dir, 'context'), { recursive: true, verbatimSymlinks: true });
  writeFileSync(join(dir, 'Dockerfile'), dockerfileText);
}

function writeSecrets(each: PeerCase, folder: string): Record<string, string> {
  const files: Record<string, string> = {};
  for (const [id, text] of Object.entries(each.secrets ?? {})) {
    const path = join(folder, id);
    writeFileSync(path, text);
    files[id] = path;
  }
  return files;
}

/** Modes as git knows them, whatever the umask of its checkout was, and times that are surely not of this run. */
function settle(context: string): void {
  for (const name of ['', ...readdirSync(context, { recursive: true }).map(String)]) {
    const path = join(context, name);
    const stat = lstatSync(path);
    if (!stat.isSymbolicLink()) chmodSync(path, stat.mode & 0o111 ? 0o755 : 0o644);
    lutimesSync(path, 1_000_000_000, 1_000_000_000);
  }
}
