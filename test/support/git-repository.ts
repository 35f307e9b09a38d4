import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A repository made by a test; names and times are constant, so commits are the same each time. */
export interface GitRepository {
  readonly path: string;
  /** Writes files and makes a commit of all there is; gives its name. */
  commit(files: Readonly<Record<string, string>>): string;
  git(...args: readonly string[]): string;
}

const CONSTANT = {
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'a',
  GIT_AUTHOR_EMAIL: 'a@x.test',
  GIT_AUTHOR_DATE: '1700000000 +0000',
  GIT_COMMITTER_NAME: 'a',
  GIT_COMMITTER_EMAIL: 'a@x.test',
  GIT_COMMITTER_DATE: '1700000000 +0000',
};

/** @param init more arguments of `git init` */
export function createGitRepository(path: string, ...init: readonly string[]): GitRepository {
  const git = (...args: readonly string[]): string =>
    execFileSync('git', args, { cwd: path, env: { ...process.env, ...CONSTANT }, encoding: 'utf8' }).trim();
  mkdirSync(path, { recursive: true });
  git('init', '--quiet', '--initial-branch=main', ...init);
  return {
    path,
    git,
    commit(files) {
      for (const [name, text] of Object.entries(files)) {
        mkdirSync(dirname(join(path, name)), { recursive: true });
        writeFileSync(join(path, name), text);
      }
      git('add', '--all');
      git('commit', '--quiet', '--allow-empty', '--message', 'x');
      return git('rev-parse', 'HEAD');
    },
  };
}
