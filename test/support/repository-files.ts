import { globSync, readFileSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';

export const REPOSITORY: string = join(import.meta.dirname, '../..');

/** What is made by tools and not kept under version control. */
const NOT_OURS = new Set(['node_modules', 'dist', 'coverage', '.git', '.base']);

/** The text files of the repository, relative to its root. */
export function repositoryFiles(): string[] {
  return (
    globSync('**/*', { cwd: REPOSITORY, exclude: (name) => NOT_OURS.has(name) })
      .concat(globSync(['.*', '.*/**/*'], { cwd: REPOSITORY, exclude: (name) => NOT_OURS.has(name) }))
      .map((file) => file.split(sep).join('/'))
      // In a worktree, .git is a file.
      .filter((file) => !NOT_OURS.has(file))
      .filter((file) => statSync(join(REPOSITORY, file), { throwIfNoEntry: false })?.isFile() === true)
  );
}

export function readRepositoryFile(file: string): string {
  return readFileSync(join(REPOSITORY, file), 'utf8');
}
