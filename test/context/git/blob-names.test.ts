import { execFileSync } from 'node:child_process';
import { lstatSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { identityOf } from '../../../src/context/file-identity.ts';
import { openBlobNames } from '../../../src/context/git/blob-names.ts';
import { createGitRepository, type GitRepository } from '../../support/git-repository.ts';
import { tempDir } from '../../support/temp-dir.ts';

const FILES = { 'src/a.txt': 'one\n', 'src/b.bin': 'two\n', c: 'three\n' };

/** A commit whose index was written well after the files were: what a clone of more than a few files is. */
function settledRepository(more: Readonly<Record<string, string>> = {}, ...init: string[]): GitRepository {
  const repository = createGitRepository(tempDir(), ...init);
  repository.commit({ ...FILES, ...more });
  settle(repository);
  return repository;
}

/** Dates the index a minute later than it is; git itself would look at its time only. */
function settle({ path }: GitRepository): void {
  const later = lstatSync(join(path, '.git/index')).mtimeMs / 1000 + 60;
  utimesSync(join(path, '.git/index'), later, later);
}

/** Ids by path, without those that are not found; each found one is compared with what git makes of the bytes. */
async function namesIn({ path, git }: GitRepository, folder = path): Promise<Record<string, string>> {
  const names = await openBlobNames(folder);
  const found: Record<string, string> = {};
  for (const name of [...Object.keys(FILES), 'link']) {
    const file = join(path, name);
    const stats = lstatSync(file, { bigint: true, throwIfNoEntry: false });
    const id = stats && names?.find(file, identityOf(stats));
    if (id === undefined) continue;
    expect(id).toBe(git('hash-object', '--no-filters', name));
    found[name] = id;
  }
  return found;
}

async function namedFiles(repository: GitRepository): Promise<string[]> {
  return Object.keys(await namesIn(repository));
}

describe('the names that git has for files', () => {
  it.each(['sha1', 'sha256'])('are found without reading them, in repositories of %s', async (format) => {
    const repository = settledRepository({}, `--object-format=${format}`);
    expect(await namedFiles(repository)).toEqual(Object.keys(FILES));
  });

  it('are found from a folder inside, in a working tree beside, and through a link', async () => {
    const repository = settledRepository();
    const all = Object.keys(FILES);
    expect(Object.keys(await namesIn(repository, join(repository.path, 'src')))).toEqual(all);
    const link = join(tempDir(), 'link');
    symlinkSync(repository.path, link);
    expect(await namedFiles({ ...repository, path: link })).toEqual(all);
    const beside = join(tempDir(), 'beside');
    repository.git('worktree', 'add', '--quiet', '--detach', beside);
    const index = join(repository.path, '.git/worktrees', basename(beside), 'index');
    const later = lstatSync(index).mtimeMs / 1000 + 60;
    utimesSync(index, later, later);
    expect(await namedFiles({ ...repository, path: beside })).toEqual(all);
  });

  it('are not found for files that changed, even by their times alone, nor for ones that are not in the index', async () => {
    const repository = settledRepository();
    const [a, c] = [join(repository.path, 'src/a.txt'), join(repository.path, 'c')];
    const { atime, mtime } = lstatSync(a);
    writeFileSync(a, 'ONE\n');
    utimesSync(a, atime, mtime);
    utimesSync(c, 1, 1);
    writeFileSync(join(repository.path, 'link'), 'x');
    expect(await namedFiles(repository)).toEqual(['src/b.bin']);
  });

  it('are not found for files that may have changed after the index was written', async () => {
    const repository = createGitRepository(tempDir());
    repository.commit(FILES);
    const files = Object.keys(FILES).map((name) => lstatSync(join(repository.path, name)).ctimeMs);
    const time = Math.min(...files) / 1000;
    utimesSync(join(repository.path, '.git/index'), time, time);
    expect(await namedFiles(repository)).toEqual([]);
  });

  it.each([
    ['text', '*.txt text'],
    ['text by itself', '*.txt text=auto'],
    ['ends of lines', '*.txt eol=crlf'],
    ['ends of lines, as it was called', '*.txt crlf'],
    ['a filter', '*.txt filter=lfs'],
    ['idents', '*.txt ident'],
    ['an encoding', '*.txt working-tree-encoding=latin1'],
    ['a macro', '[attr]mine text\n*.txt mine'],
  ])('are not found where an attribute has git convert: %s', async (_, attributes) => {
    const repository = settledRepository({ '.gitattributes': `${attributes}\n*.bin binary\n` });
    expect(await namedFiles(repository)).toEqual(['src/b.bin', 'c']);
  });

  it('heed attributes in folders and beside the repository', async () => {
    const inFolder = settledRepository({ 'src/.gitattributes': '* text=auto\n' });
    expect(await namedFiles(inFolder)).toEqual(['c']);
    const beside = settledRepository();
    writeFileSync(join(beside.path, '.git/info/attributes'), 'c text\n');
    expect(await namedFiles(beside)).toEqual(['src/a.txt', 'src/b.bin']);
  });

  it.each(['true', 'input'])('are not found where core.autocrlf is %s', async (value) => {
    const repository = settledRepository();
    repository.git('config', 'core.autocrlf', value);
    expect(await namedFiles(repository)).toEqual([]);
  });

  it.each(['--assume-unchanged', '--skip-worktree'])(
    'are not found for files that are marked with %s',
    async (mark) => {
      const repository = settledRepository();
      repository.git('update-index', mark, 'c');
      settle(repository);
      expect(await namedFiles(repository)).toEqual(['src/a.txt', 'src/b.bin']);
    },
  );

  it('are not found for links', async () => {
    const repository = createGitRepository(tempDir());
    symlinkSync('c', join(repository.path, 'link'));
    repository.commit(FILES);
    settle(repository);
    expect(await namedFiles(repository)).toEqual(Object.keys(FILES));
  });

  it('are those of a clone, whose files nobody has looked at', async () => {
    const origin = settledRepository();
    const clone = join(tempDir(), 'clone');
    execFileSync('git', ['clone', '--quiet', origin.path, clone], { stdio: 'ignore' });
    const repository = { ...origin, path: clone };
    settle(repository);
    expect(await namesIn(repository)).toEqual(await namesIn(origin));
  });

  it('are not asked for outside of a repository, nor with an index that is damaged', async () => {
    expect(await openBlobNames(tempDir(FILES))).toBeUndefined();
    const repository = settledRepository();
    const index = join(repository.path, '.git/index');
    const bytes = readFileSync(index);
    bytes.writeUInt8(bytes.readUInt8(60) ^ 1, 60);
    writeFileSync(index, bytes);
    expect(await openBlobNames(dirname(join(repository.path, 'src/a.txt')))).toBeUndefined();
  });
});
