import { describe, expect, test } from 'vitest';
import { PlanError } from '../../src/core/errors.ts';
import { type MountSpec, parseMount } from '../../src/parser/index.ts';

const cache = { type: 'cache', sharing: 'shared', readOnly: false, mode: 0o755, uid: 0, gid: 0 } as const;
const secret = { type: 'secret', required: false, mode: 0o400, uid: 0, gid: 0 } as const;
const ssh = { type: 'ssh', id: 'default', required: false, mode: 0o600, uid: 0, gid: 0 } as const;

const MOUNTS: readonly (readonly [text: string, mount: MountSpec])[] = [
  ['target=/a', { type: 'bind', target: '/a', readOnly: true }],
  ['type=bind', { type: 'bind', readOnly: true }],
  ['TYPE=bind,SRC=b,dst=a,from=stage,rw', { type: 'bind', target: 'a', source: 'b', from: 'stage', readOnly: false }],
  ['type=bind,destination=/a,rw=false', { type: 'bind', target: '/a', readOnly: true }],
  ['type=bind,target=/a,readonly=0', { type: 'bind', target: '/a', readOnly: false }],
  ['type=bind,target=/a,from=x$', { type: 'bind', target: '/a', from: 'x$', readOnly: true }],
  ['type=cache,target=/c', { ...cache, target: '/c' }],
  [
    'type=cache,id=i,target=/c,sharing=locked,ro,mode=0700,uid=1,gid=2,from=s,source=d',
    {
      ...cache,
      id: 'i',
      target: '/c',
      sharing: 'locked',
      readOnly: true,
      mode: 0o700,
      uid: 1,
      gid: 2,
      from: 's',
      source: 'd',
    },
  ],
  ['type=tmpfs,target=/t,size=1.5k', { type: 'tmpfs', target: '/t', sizeBytes: 1536 }],
  ['type=tmpfs,target=/t,size=2MiB', { type: 'tmpfs', target: '/t', sizeBytes: 2 * 1024 * 1024 }],
  ['type=secret,id=a/b', { ...secret, id: 'a/b', target: '/run/secrets/b' }],
  ['type=secret,source=n', { ...secret, id: 'n', target: '/run/secrets/n' }],
  [
    'type=secret,target=/etc/npmrc,required,mode=0440',
    { ...secret, id: 'npmrc', target: '/etc/npmrc', required: true, mode: 0o440 },
  ],
  ['type=secret,id=t,env=TOKEN', { ...secret, id: 't', env: 'TOKEN' }],
  ['type=secret,id=t,env=TOKEN,target=/t', { ...secret, id: 't', env: 'TOKEN', target: '/t' }],
  ['type=ssh', ssh],
  ['type=ssh,id=git,target=/s,required=true', { ...ssh, id: 'git', target: '/s', required: true }],
  ['type=bind,"target=/a,b"', { type: 'bind', target: '/a,b', readOnly: true }],
  ['type=bind,"target=/a""b"', { type: 'bind', target: '/a"b', readOnly: true }],
];

const REFUSED: readonly (readonly [text: string, code: string, hint: string])[] = [
  ['', 'PLAN_BAD_MOUNT', 'comma'],
  ['type=bind,', 'PLAN_UNKNOWN_MOUNT_OPTION', 'it may be'],
  ['type=bind,"target=/a', 'PLAN_BAD_MOUNT', 'comma'],
  ['type=bind,tar"get=/a', 'PLAN_BAD_MOUNT', 'comma'],
  ['type=volume', 'PLAN_UNKNOWN_MOUNT_TYPE', 'it may be'],
  ['type=chache', 'PLAN_UNKNOWN_MOUNT_TYPE', 'did you mean cache?'],
  ['type=bind,targte=/a', 'PLAN_UNKNOWN_MOUNT_OPTION', 'did you mean target?'],
  ['type=bind,target', 'PLAN_BAD_MOUNT', 'target=VALUE'],
  ['type=bind,target=/', 'PLAN_BAD_MOUNT', 'below the root'],
  ['type=bind,target=/a/..', 'PLAN_BAD_MOUNT', 'below the root'],
  ['type=bind,from=$x', 'PLAN_BAD_MOUNT', 'global ARG'],
  ['type=bind,mode=0755', 'PLAN_BAD_MOUNT', 'leave mode out'],
  ['type=bind,sharing=shared', 'PLAN_BAD_MOUNT', 'leave sharing out'],
  ['type=bind,required', 'PLAN_BAD_MOUNT', 'leave required out'],
  ['type=bind,size=1', 'PLAN_BAD_MOUNT', 'leave size out'],
  ['type=bind,rw=perhaps', 'PLAN_BAD_MOUNT', 'true or false'],
  ['type=tmpfs,uid=1', 'PLAN_BAD_MOUNT', 'leave uid out'],
  ['type=tmpfs,size=big', 'PLAN_BAD_MOUNT', 'k, m or g'],
  ['type=cache,sharing=lokced', 'PLAN_BAD_MOUNT', 'did you mean locked?'],
  ['type=cache,mode=rwx', 'PLAN_BAD_MOUNT', 'octal'],
  ['type=cache,uid=root', 'PLAN_BAD_MOUNT', 'number'],
  ['type=cache,required', 'PLAN_BAD_MOUNT', 'leave required out'],
  ['type=secret', 'PLAN_BAD_MOUNT', 'id=NAME'],
  ['type=secret,id=a,source=b', 'PLAN_BAD_MOUNT', 'by id'],
  ['type=secret,id=a,from=b', 'PLAN_BAD_MOUNT', 'leave from out'],
  ['type=secret,id=a,sharing=shared', 'PLAN_BAD_MOUNT', 'leave sharing out'],
  ['type=ssh,source=a', 'PLAN_BAD_MOUNT', 'leave source out'],
];

describe('parseMount', () => {
  test.for(MOUNTS)('reads %s', ([text, mount]) => {
    expect(parseMount(text)).toEqual(mount);
  });

  test.for(REFUSED)('refuses %s', ([text, code, hint]) => {
    expect(() => parseMount(text)).toThrow(PlanError);
    expect(() => parseMount(text)).toThrow(
      expect.objectContaining({ code, hint: expect.stringContaining(hint) as string }),
    );
  });

  test('expands the value of every option but from', () => {
    const expand = (value: string) => value.replace('$d', 'x,y');
    expect(parseMount('type=cache,target=/$d', expand)).toEqual({ ...cache, target: '/x,y' });
  });
});
