import { describe, expect, it, test } from 'vitest';
import { lookupChown, lookupUser, parseNumericChown } from '../../src/rootfs/accounts.ts';

const files = {
  passwd: [
    '# accounts',
    'root:x:0:0:root:/root:/bin/sh',
    '',
    'broken',
    'bad:x:one:2::/:/bin/sh',
    'app:x:1000:1001:App:/home/app:/bin/sh\r',
    'homeless:x:1002:1002:::',
    '2000:x:77:78::/seven:/bin/sh',
  ].join('\n'),
  group: [
    'root:x:0:',
    'app:x:1001:',
    'wheel:x:10:root,app',
    'docker:x:20:app, other',
    'twice:x:20:app',
    'bad:x:many:app',
  ].join('\n'),
};

describe('lookupChown (reference, sections 9 and 11)', () => {
  test.each<[text: string, uid: number, gid: number]>([
    ['1', 1, 1],
    ['1000', 1000, 1000],
    ['1:2', 1, 2],
    ['app', 1000, 1001],
    ['app:wheel', 1000, 10],
    ['app:5', 1000, 5],
    ['7:docker', 7, 20],
    ['nobody', 0, 0],
    ['app:nogroup', 1000, 0],
    ['nobody:docker', 0, 20],
    ['4294967295:0', 4294967295, 0],
    ['4294967296', 0, 0],
    ['0', 0, 0],
    ['', 0, 0],
    ['bad', 0, 0],
  ])('%j is %i:%i', (text, uid, gid) => {
    expect(lookupChown(files, text)).toEqual({ uid, gid });
  });

  it('knows no names where there are no files', () => {
    expect(lookupChown({}, 'app:app')).toEqual({ uid: 0, gid: 0 });
    expect(lookupChown({}, '12')).toEqual({ uid: 12, gid: 12 });
  });
});

describe('parseNumericChown (reference, section 11, --link)', () => {
  it('takes numbers', () => {
    expect(parseNumericChown('5')).toEqual({ uid: 5, gid: 5 });
    expect(parseNumericChown('5:6')).toEqual({ uid: 5, gid: 6 });
  });

  test.each(['app', '5:app', 'app:5'])('refuses the name in %j', (text) => {
    expect(() => parseNumericChown(text)).toThrow(
      expect.objectContaining({
        code: 'STEP_OWNER_NOT_NUMERIC',
        message: `--chown=${text} with --link: "app" is not a number`,
        hint: expect.stringContaining('--chown=1000:1000'),
      }),
    );
  });
});

describe('lookupUser (reference, section 10)', () => {
  test.each<[text: string, uid: number, gid: number, groups: number[], home: string]>([
    ['', 0, 0, [], '/root'],
    ['root', 0, 0, [10], '/root'],
    ['0', 0, 0, [10], '/root'],
    ['app', 1000, 1001, [10, 20], '/home/app'],
    ['1000', 1000, 1001, [10, 20], '/home/app'],
    ['app:docker', 1000, 20, [], '/home/app'],
    ['app:', 1000, 1001, [10, 20], '/home/app'],
    ['1000:1001', 1000, 1001, [], '/home/app'],
    ['1000:9', 1000, 9, [], '/home/app'],
    ['9:9', 9, 9, [], '/'],
    ['9', 9, 0, [], '/'],
    ['homeless', 1002, 1002, [], '/'],
    ['2000', 77, 78, [], '/seven'],
  ])('%j is %i:%i with groups %j and home %s', (text, uid, gid, supplementaryGids, home) => {
    expect(lookupUser(files, text)).toEqual({ identity: { uid, gid, supplementaryGids }, home });
  });

  it('needs no files for root and for numbers', () => {
    expect(lookupUser({}, '')).toEqual({ identity: { uid: 0, gid: 0, supplementaryGids: [] }, home: '/' });
    expect(lookupUser({}, '3:4')).toEqual({ identity: { uid: 3, gid: 4, supplementaryGids: [] }, home: '/' });
  });

  test.each([
    ['nobody', 'STEP_UNKNOWN_USER', 'USER nobody: there is no user "nobody" in /etc/passwd'],
    ['app:nogroup', 'STEP_UNKNOWN_GROUP', 'USER app:nogroup: there is no group "nogroup" in /etc/group'],
  ])('refuses the unknown name in %j', (text, code, message) => {
    expect(() => lookupUser(files, text)).toThrow(
      expect.objectContaining({ code, message, hint: expect.stringContaining('earlier RUN') }),
    );
  });
});
