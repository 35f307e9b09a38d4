import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OptionError } from '../../src/core/errors.ts';
import { parseGitUrl, redactAddresses } from '../../src/core/git-url.ts';
import { corpusTable } from '../support/corpus.ts';

interface GitUrlCase {
  readonly ref: string;
  readonly git?: boolean;
  readonly error?: boolean;
  readonly onlyAsContext?: boolean;
  readonly remote?: string;
  readonly ref_?: string;
  readonly subdir?: string;
  readonly keepGitDir?: boolean;
  readonly submodules?: boolean;
}

describe('git addresses (reference, section 12)', () => {
  const { cases } = corpusTable<{ readonly cases: readonly GitUrlCase[] }>('git-url');

  test.each(cases)('$ref is read as the table says', (expected) => {
    const { ref, git, error, onlyAsContext, remote, ref_, subdir, keepGitDir, submodules } = expected;
    if (error === true) {
      expect(() => parseGitUrl(ref)).toThrow(OptionError);
      return;
    }
    if (onlyAsContext === true) expect(parseGitUrl(ref)).toBeUndefined();
    const source = parseGitUrl(ref, { shorthand: true });
    expect(source !== undefined).toBe(git === true);
    if (source === undefined) return;
    if (remote !== undefined) expect(source.remote).toBe(remote);
    if (ref_ !== undefined) expect(source.ref ?? '').toBe(ref_);
    if (subdir !== undefined) expect(source.subdir).toBe(subdir);
    expect(source.keepGitDir).toBe(keepGitDir);
    expect(source.submodules).toBe(submodules);
  });

  test('the shorthand for GitHub is fetched over https', () => {
    expect(parseGitUrl('github.com/a/b#v1:x', { shorthand: true })).toEqual({
      remote: 'https://github.com/a/b',
      ref: 'v1',
      subdir: 'x',
    });
  });

  test.each([
    ['git://x.test/a?ref=v1&commit=ABCDEF1&mtime=commit', { ref: 'v1', checksum: 'abcdef1', mtime: 'commit' }],
    ['git@x.test:a/b.git?submodules=0&branch=dev', { ref: 'refs/heads/dev', submodules: false }],
    ['https://x.test/a.git?fetch-by-commit&checksum=abcdef1', { fetchByCommit: true, checksum: 'abcdef1' }],
    ['https://x.test/a.git?subdir=../../b/./c', { subdir: 'b/c' }],
  ])('%s has its keys', (text, fields) => {
    expect(parseGitUrl(text)).toMatchObject(fields);
  });

  test.each([
    'https://x.test/a.git#-upload-pack=x',
    'https://x.test/a.git?ref=--exec',
    'https://x.test/a.git#a..b',
    'https://x.test/a.git#a^{}',
    'https://x.test/a.git#a b',
    'ssh://-oProxyCommand=x/a',
    'ssh://-o@x.test/a',
    '-o@x.test:a',
    'git@-x.test:a',
    'git@x.test:-a',
    'https://x.test/a.git?mtime=never',
    'https://x.test/a.git?commit=xyz',
    'https://x.test/a.git?checksum=abcdef1&commit=abcdef1',
    'https://x.test/a.git?ref=a&ref=b',
    'https://x.test/a.git?ref=a#b',
    'https://x.test/a.git?fetch-by-commit',
  ])('%s is refused', (text) => {
    expect(() => parseGitUrl(text)).toThrow(expect.objectContaining({ code: 'OPTION_BAD_GIT_URL' }));
  });

  test('passwords are no part of what git is given as the remote', () => {
    expect(parseGitUrl('https://me:s%40crit@x.test/a.git')).toEqual({
      remote: 'https://x.test/a.git',
      credentials: { username: 'me', password: 's@crit' },
      subdir: '',
    });
    expect(parseGitUrl('ssh://me:secret@x.test/a')?.remote).toBe('ssh://me@x.test/a');
  });

  test('no text makes anything but a source, nothing, or an error of ours', () => {
    const texts = fc
      .tuple(fc.constantFrom('git@h:', 'ssh://h/', 'https://h/a.git', ''), fc.string())
      .map((t) => t.join(''));
    fc.assert(
      fc.property(texts, (text) => {
        try {
          const source = parseGitUrl(text);
          expect(source?.remote.startsWith('-') ?? false).toBe(false);
          expect(source?.ref?.startsWith('-') ?? false).toBe(false);
        } catch (error) {
          expect(error).toBeInstanceOf(OptionError);
        }
      }),
    );
  });
});

describe('redactAddresses', () => {
  test.each([
    ['ADD https://user:pw@x.test/a /b', 'ADD https://xxxxx@x.test/a /b'],
    ['https://token@x.test/a.git', 'https://xxxxx@x.test/a.git'],
    ['ssh://git@x.test/a', 'ssh://git@x.test/a'],
    ['ssh://git:pw@x.test/a', 'ssh://git:xxxxx@x.test/a'],
    ['https://x.test/@scope/a@1', 'https://x.test/@scope/a@1'],
  ])('%s becomes %s', (text, expected) => {
    expect(redactAddresses(text)).toBe(expected);
  });
});
