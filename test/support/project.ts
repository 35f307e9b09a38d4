import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A file of a test project: its text, or text with a mode, or a symbolic link. */
export type ProjectFile = string | { readonly text: string; readonly mode?: number } | { readonly link: string };

export interface Project extends Disposable {
  readonly dir: string;
  /** Folder beside the context for caches and outputs. */
  readonly out: string;
  write(files: Readonly<Record<string, ProjectFile>>): void;
}

/** A build context in a temporary folder, world-readable so that another user can build it too. */
export function createProject(files: Readonly<Record<string, ProjectFile>>, mtime?: number): Project {
  const root = mkdtempSync(join(tmpdir(), 'lamella-e2e-'));
  chmodSync(root, 0o755);
  const dir = join(root, 'context');
  const out = join(root, 'out');
  mkdirSync(dir);
  mkdirSync(out, { mode: 0o777 });
  chmodSync(out, 0o777);
  const write = (more: Readonly<Record<string, ProjectFile>>): void => {
    for (const [path, file] of Object.entries(more)) writeFile(join(dir, path), file, mtime);
  };
  write(files);
  return { dir, out, write, [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }) };
}

function writeFile(path: string, file: ProjectFile, mtime: number | undefined): void {
  mkdirSync(dirname(path), { recursive: true });
  if (typeof file !== 'string' && 'link' in file) {
    symlinkSync(file.link, path);
    return;
  }
  const { text, mode } = typeof file === 'string' ? { text: file, mode: 0o644 } : file;
  writeFileSync(path, text);
  chmodSync(path, mode ?? 0o644);
  if (mtime !== undefined) utimesSync(path, mtime, mtime);
}
