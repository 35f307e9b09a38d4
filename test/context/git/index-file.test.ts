import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type GitIndex, parseGitIndex } from '../../../src/context/git/index-file.ts';
import { createGitRepository, type GitRepository } from '../../support/git-repository.ts';
import { tempDir } from '../../support/temp-dir.ts';

/** Names that make every length of padding and of shared beginnings, and more than 128 bytes to drop. */
const NAMES = [
  ...Array.from({ length: 20 }, (_, i) => `dir/${'n'.repeat(i + 1)}`),
  `dir/${'long'.repeat(60)}`,
  ...['e', 'ä/ö', 'z/y x'],
];

function filledRepository(...init: readonly string[]): GitRepository {
  const files = Object.fromEntries(NAMES.map((name) => [name, `content of ${name}`]));
  const repository = createGitRepository(tempDir(files), ...init);
  repository.git('add', '--all');
  return repository;
}

function readIndex({ path }: GitRepository, idBytes: 20 | 32 = 20): GitIndex | undefined {
  return parseGitIndex(readFileSync(join(path, '.git/index')), idBytes);
}

function versionOf({ path }: GitRepository): number {
  return readFileSync(join(path, '.git/index')).readUInt32BE(4);
}

/** Names with mode and id, as git itself lists them. */
function listedByGit({ git }: GitRepository): string[] {
  const lines = git('ls-files', '--stage', '-z').split('\0').filter(Boolean);
  return lines.map((line) => line.replace(' 0\t', ' '));
}

function listed(index: GitIndex | undefined): string[] {
  return [...(index ?? [])].map(([name, { mode, id }]) => `${mode.toString(8)} ${id} ${name}`);
}

describe('an index of git', () => {
  it.each([2, 4])('of version %i is read as git reads it', (version) => {
    const repository = filledRepository();
    repository.git('update-index', '--index-version', String(version));
    expect(versionOf(repository)).toBe(version);
    expect(listed(readIndex(repository))).toEqual(listedByGit(repository));
  });

  it('is read with ids of sha256', () => {
    const repository = filledRepository('--object-format=sha256');
    expect(listed(readIndex(repository, 32))).toEqual(listedByGit(repository));
    expect(readIndex(repository, 20)).toBeUndefined();
  });

  it('knows what the file system said of each file', () => {
    const repository = filledRepository();
    for (const [name, entry] of readIndex(repository) ?? expect.fail()) {
      const { size, ino, mode, mtimeNs, ctimeNs } = statSync(join(repository.path, name), { bigint: true });
      const nanoseconds = ({ seconds, nanoseconds: rest }: typeof entry.mtime) =>
        BigInt(seconds) * 1_000_000_000n + BigInt(rest);
      expect(BigInt(entry.size)).toBe(size);
      expect(BigInt(entry.ino)).toBe(BigInt.asUintN(32, ino));
      expect(BigInt(entry.mode)).toBe(mode);
      expect([nanoseconds(entry.mtime), nanoseconds(entry.ctime)]).toEqual([mtimeNs, ctimeNs]);
    }
  });

  it('of version 3 tells what is to be added later or kept out of the working tree', () => {
    const repository = filledRepository();
    writeFileSync(join(repository.path, 'later'), 'x');
    repository.git('add', '--intent-to-add', 'later');
    repository.git('update-index', '--skip-worktree', 'e');
    repository.git('update-index', '--assume-unchanged', 'dir/n');
    expect(versionOf(repository)).toBe(3);
    const special = [...(readIndex(repository) ?? [])].filter(([, { isPlain }]) => !isPlain);
    expect(special.map(([name]) => name)).toEqual(['dir/n', 'e', 'later']);
  });

  it('tells conflicts', () => {
    const repository = filledRepository();
    repository.commit({ e: 'base' });
    repository.git('checkout', '--quiet', '-b', 'other');
    repository.commit({ e: 'theirs' });
    repository.git('checkout', '--quiet', 'main');
    repository.commit({ e: 'ours' });
    expect(() => repository.git('merge', '--quiet', 'other')).toThrow();
    expect(readIndex(repository)?.get('e')?.isPlain).toBe(false);
  });

  it('is not read where it is split over two files', () => {
    const repository = filledRepository();
    repository.git('update-index', '--split-index');
    expect(readIndex(repository)).toBeUndefined();
  });

  it('is not read where whole folders stand for their files', () => {
    const repository = filledRepository();
    repository.commit({});
    repository.git('sparse-checkout', 'set', '--cone', '--sparse-index', 'ä');
    expect(readIndex(repository)).toBeUndefined();
  });

  it('is read without the hash that git was told to leave out', () => {
    const repository = filledRepository();
    const file = readFileSync(join(repository.path, '.git/index'));
    file.fill(0, file.length - 20);
    expect(listed(parseGitIndex(file, 20))).toEqual(listedByGit(repository));
  });

  it('is not read where it is damaged or cut, wherever that is', () => {
    const repository = filledRepository();
    const whole = readFileSync(join(repository.path, '.git/index'));
    for (let at = 0; at < whole.length; at += 11) {
      const damaged = Buffer.from(whole);
      damaged.writeUInt8(damaged.readUInt8(at) ^ 0x41, at);
      expect(parseGitIndex(damaged, 20)).toBeUndefined();
      const cut = Buffer.concat([whole.subarray(0, at), Buffer.alloc(20)]);
      expect(parseGitIndex(cut, 20)?.size ?? 0).toBe(0);
    }
  });
});
