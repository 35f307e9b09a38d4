import { describe, expect, it } from 'vitest';
import { parseGitAddress } from '../../../src/npm/git/git-address.ts';

const COMMIT = '0123456789abcdef0123456789abcdef01234567';

describe('the address of a package from git', () => {
  it.each([
    ['git+https://code.invalid/team/a.git', ['https://code.invalid/team/a.git']],
    ['git+http://code.invalid:8080/a', ['http://code.invalid:8080/a']],
    ['git+ssh://git@code.invalid/a.git', ['ssh://git@code.invalid/a.git']],
    ['git+ssh://git@code.invalid:2222/a.git', ['ssh://git@code.invalid:2222/a.git']],
    ['git+ssh://git@code.invalid:team/a.git', ['git@code.invalid:team/a.git']],
    ['git://code.invalid/a.git', ['git://code.invalid/a.git']],
  ])('is %s, from where it is fetched as it stands', (address, remotes) => {
    expect(parseGitAddress(`${address}#${COMMIT}`)).toEqual({ remotes, commit: COMMIT, isHosted: false });
  });

  it.each([
    ['git+ssh://git@github.com/team/a.git', 'github.com/team/a.git'],
    ['git+ssh://git@github.com:team/a.git', 'github.com/team/a.git'],
    ['git+https://github.com/team/a', 'github.com/team/a.git'],
    ['git://github.com/team/a.git', 'github.com/team/a.git'],
    ['git+ssh://git@gitlab.com/group/sub/a.git', 'gitlab.com/group/sub/a.git'],
    ['git+https://git.sr.ht/~me/a', 'git.sr.ht/~me/a.git'],
  ])('is %s of a known host, by https before ssh', (address, place) => {
    const remotes = [`https://${place}`, `ssh://git@${place}`];
    expect(parseGitAddress(`${address}#${COMMIT}`)).toEqual({ remotes, commit: COMMIT, isHosted: true });
  });

  it('with a login for a known host goes no other way', () => {
    const address = 'git+https://me:secret@github.com/team/a.git';
    expect(parseGitAddress(`${address}#${COMMIT}`)?.remotes).toEqual([address.slice('git+'.length)]);
  });

  it('has the commit in lower case, also one of sha256', () => {
    expect(parseGitAddress(`git+https://code.invalid/a.git#${COMMIT.toUpperCase()}`)?.commit).toBe(COMMIT);
    expect(parseGitAddress(`git+https://code.invalid/a.git#${'a'.repeat(64)}`)?.commit).toBe('a'.repeat(64));
  });

  it.each([
    'git+https://code.invalid/a.git',
    'git+https://code.invalid/a.git#main',
    `git+https://code.invalid/a.git#${COMMIT.slice(1)}`,
    `git+https://code.invalid/a.git#${COMMIT}::path:packages/a`,
    `git+file:///srv/a.git#${COMMIT}`,
    `git+rsync://code.invalid/a.git#${COMMIT}`,
    `git+ext::sh -c x#${COMMIT}`,
  ])('is not %s', (address) => {
    expect(parseGitAddress(address)).toBeUndefined();
  });
});
