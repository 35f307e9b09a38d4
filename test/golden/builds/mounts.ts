import { type GoldenCase, refuse } from './golden-case.ts';

const BIND: readonly GoldenCase[] = [
  {
    covers: ['RUN --mount=type=bind', 'RUN --mount=type=bind,target', 'RUN --mount=type=bind,source'],
    about: '10: a directory of the context, read-only by default, without a trace',
    dockerfile: [
      'FROM BUSYBOX',
      'RUN --mount=type=bind,source=d/e,target=/x/m cat /x/m/f > /o; touch /x/m/g 2> /dev/null || echo ro >> /o',
    ],
    files: { 'd/e/f': 'f\n' },
    paths: { '/o': 'file 0644 0:0 f\nro\n' },
  },
  {
    covers: ['RUN --mount=type=bind', 'RUN --mount=type=bind,readwrite', 'RUN --mount=type=bind,target'],
    about: '10: relative to the working directory; what is written is dropped',
    dockerfile: [
      'FROM BUSYBOX',
      'WORKDIR /w',
      'RUN --mount=target=m,rw echo new > m/f && cat /w/m/f > o && touch m/g',
      'RUN --mount=dst=/m,readwrite=true cat /m/f >> o; ls /m >> o',
    ],
    files: { f: 'old\n' },
    paths: { '/w': 'dir 0755 0:0', '/w/o': 'file 0644 0:0 new\nold\nf\n' },
  },
  {
    covers: ['RUN --mount=type=bind,from', 'RUN --mount=type=bind,source'],
    about: '8, 10: a file of a stage',
    dockerfile: [
      'FROM scratch AS one',
      'COPY --chown=3:4 f /d/f',
      'FROM BUSYBOX',
      'RUN --mount=from=ONE,src=/d/f,target=/m/f stat -c "%u:%g" /m/f > /o && cat /m/f >> /o',
    ],
    files: { f: 'f\n' },
    paths: { '/o': 'file 0644 0:0 3:4\nf\n' },
  },
  {
    covers: ['RUN --mount=type=bind,from', 'RUN --mount=type=bind,readonly'],
    about: '10, 18: a named context',
    dockerfile: [
      'FROM BUSYBOX',
      'RUN --mount=from=more,target=/m,ro cat /m/a > /o; rm /m/a 2> /dev/null || echo ro >> /o',
    ],
    files: { 'other/a': 'a\n' },
    options: { buildContexts: { more: 'other' } },
    paths: { '/o': 'file 0644 0:0 a\nro\n' },
  },
  {
    covers: ['RUN --mount=type=bind,readonly', 'RUN --mount=type=bind,readwrite'],
    about: '10: switches with values; readonly=false is writable',
    dockerfile: [
      'FROM BUSYBOX',
      'RUN --mount=target=/m,readonly=false touch /m/x && echo 1 > /o',
      'RUN --mount=target=/m,rw=false touch /m/x 2> /dev/null || echo 2 >> /o',
    ],
    files: { f: 'f' },
    paths: { '/o': 'file 0644 0:0 1\n2\n' },
  },
  refuse('RUN --mount=type=bind', 'RUN --mount=type=bind,target=/m,mode=0700 true', 'PARSE_BAD_MOUNT', '10: no mode'),
  refuse('RUN --mount=type=bind,target', 'RUN --mount=type=bind,target=/ true', 'PARSE_BAD_MOUNT', '10: the root'),
  refuse('RUN --mount=type=bind,readonly', 'RUN --mount=target=/m,ro=2 true', 'PARSE_BAD_MOUNT', '10: no switch'),
  refuse('RUN --mount=type=bind,readwrite', 'RUN --mount=target=/m,rw= true', 'PARSE_BAD_MOUNT', '10: no switch'),
  refuse('RUN --mount=type=bind,from', 'RUN --mount=target=/m,from=$X true', 'PLAN_BAD_MOUNT', '6: no variables'),
  {
    covers: ['RUN --mount=type=bind,source'],
    about: '10: a source that is not there',
    dockerfile: ['FROM BUSYBOX', 'RUN --mount=source=nope,target=/m true'],
    refused: 'STEP_MOUNT_SOURCE_NOT_FOUND',
    line: 2,
  },
];

const CACHE: readonly GoldenCase[] = [
  {
    covers: [
      'RUN --mount=type=cache',
      ...['id', 'mode', 'uid', 'gid', 'target'].map((option) => `RUN --mount=type=cache,${option}`),
    ],
    about: '10: one directory by its id; mode and owner are those it begins with',
    dockerfile: [
      'FROM BUSYBOX',
      'RUN --mount=type=cache,id=golden-a,target=/c,mode=0700,uid=1,gid=2 stat -c "%a %u:%g" /c > /o; echo kept > /c/f',
      'RUN --mount=type=cache,id=golden-a,target=/other,mode=0700,uid=1,gid=2 cat /other/f >> /o; ls / | grep -c other >> /o',
    ],
    paths: { '/o': 'file 0644 0:0 700 1:2\nkept\n1\n' },
  },
  {
    covers: ['RUN --mount=type=cache', 'RUN --mount=type=cache,target', 'RUN --mount=type=cache,readonly'],
    about: '10: the id is the target as written; a relative one is below the working directory',
    dockerfile: [
      'FROM BUSYBOX',
      'WORKDIR /golden',
      'RUN --mount=type=cache,target=b stat -c "%a %u:%g" b > o; echo kept > b/f',
      'RUN --mount=type=cache,target=/golden/c,id=b,ro cat c/f >> o; rm c/f 2> /dev/null || echo ro >> o',
    ],
    paths: { '/golden': 'dir 0755 0:0', '/golden/o': 'file 0644 0:0 755 0:0\nkept\nro\n' },
  },
  {
    covers: ['RUN --mount=type=cache,from', 'RUN --mount=type=cache,source', 'RUN --mount=type=cache,readwrite'],
    about: '10: begins as a directory of a stage',
    dockerfile: [
      'FROM scratch AS seed',
      'COPY --chown=3:4 d /d',
      'FROM BUSYBOX',
      'RUN --mount=type=cache,id=golden-c,target=/c,from=seed,source=/d,rw cat /c/f > /o; echo 2 > /c/f',
      'RUN --mount=type=cache,id=golden-c,target=/c,from=seed,source=/d cat /c/f >> /o',
    ],
    files: { 'd/f': '1\n' },
    paths: { '/o': 'file 0644 0:0 1\n2\n' },
  },
  {
    covers: ['sharing', 'id', 'mode', 'uid', 'gid'].map((option) => `RUN --mount=type=cache,${option}`),
    about: '10: locked, of somebody else, in an octal mode without its zero',
    dockerfile: [
      'FROM BUSYBOX',
      'RUN --mount=type=cache,id=golden-d,target=/c,sharing=locked,mode=1777,uid=7,gid=8 stat -c "%a %u:%g" /c > /o',
      'USER 9',
      'RUN --mount=type=cache,id=golden-d,target=/c,sharing=LOCKED,mode=1777,uid=7,gid=8 touch /c/x && rm /c/x',
    ],
    paths: { '/o': 'file 0644 0:0 1777 7:8\n' },
  },
  {
    covers: [
      'RUN --mount=type=cache,sharing',
      'RUN --mount=type=cache,readonly',
      'RUN --mount=type=cache,readwrite',
      'RUN --mount=type=cache,from',
      'RUN --mount=type=cache,source',
    ],
    about: '10: private and shared; read-only with what it begins with',
    dockerfile: [
      'FROM scratch AS seed',
      'COPY d /',
      'FROM BUSYBOX',
      'RUN --mount=type=cache,id=golden-e,target=/c,sharing=private,readonly,from=seed,source=/sub ls /c > /o',
      'RUN --mount=type=cache,id=golden-f,target=/c,sharing=shared,rw=true touch /c/x && ls /c >> /o',
    ],
    files: { 'd/sub/f': 'f' },
    paths: { '/o': 'file 0644 0:0 f\nx\n' },
  },
  ...[
    ['RUN --mount=type=cache', 'size=1k', 'has no size'],
    ['RUN --mount=type=cache,id', 'id', 'an id without a value'],
    ['RUN --mount=type=cache,sharing', 'sharing=mine', 'no such mode of sharing'],
    ['RUN --mount=type=cache,mode', 'mode=rwx', 'no octal number'],
    ['RUN --mount=type=cache,uid', 'uid=root', 'no number'],
    ['RUN --mount=type=cache,gid', 'gid=-1', 'no number'],
    ['RUN --mount=type=cache,readonly', 'readonly=no', 'no switch'],
    ['RUN --mount=type=cache,readwrite', 'rw=yes', 'no switch'],
    ['RUN --mount=type=cache,source', 'source', 'a source without a value'],
  ].map(([feature = '', option, about]) =>
    refuse(feature, `RUN --mount=type=cache,target=/c,${option} true`, 'PARSE_BAD_MOUNT', `10: ${about}`),
  ),
  refuse(
    'RUN --mount=type=cache,from',
    'RUN --mount=type=cache,target=/c,from=a$b true',
    'PLAN_BAD_MOUNT',
    '6: no variables',
  ),
  refuse('RUN --mount=type=cache,target', 'RUN --mount=type=cache,target=/. true', 'PARSE_BAD_MOUNT', '10: the root'),
];

const TMPFS: readonly GoldenCase[] = [
  {
    covers: ['RUN --mount=type=tmpfs', 'RUN --mount=type=tmpfs,target', 'RUN --mount=type=tmpfs,size'],
    about: '10: as large as it says; over what is there',
    dockerfile: [
      'FROM BUSYBOX',
      'COPY f /root/f',
      'RUN --mount=type=tmpfs,target=/root,size=64k ls -A /root > /o; grep -o "size=[0-9]*k" /proc/mounts | grep -x size=64k >> /o',
    ],
    files: { f: 'f' },
    paths: { '/o': 'file 0644 0:0 size=64k\n', '/root/f': 'file 0644 0:0 f' },
  },
  {
    covers: ['RUN --mount=type=tmpfs,target', 'RUN --mount=type=tmpfs,size'],
    about: '10: units; relative to the working directory',
    dockerfile: [
      'FROM BUSYBOX',
      'WORKDIR /w',
      'RUN --mount=type=tmpfs,target=t,size=1.5M grep -o " /w/t .*size=1536k" /proc/mounts | grep -c . > /o',
    ],
    paths: { '/o': 'file 0644 0:0 1\n', '/w': 'dir 0755 0:0' },
  },
  refuse('RUN --mount=type=tmpfs', 'RUN --mount=type=tmpfs,target=/t,uid=1 true', 'PARSE_BAD_MOUNT', '10: no uid'),
  refuse(
    'RUN --mount=type=tmpfs,target',
    'RUN --mount=type=tmpfs,target=/a/.. true',
    'PARSE_BAD_MOUNT',
    '10: the root',
  ),
  refuse(
    'RUN --mount=type=tmpfs,size',
    'RUN --mount=type=tmpfs,target=/t,size=big true',
    'PARSE_BAD_MOUNT',
    '10: no size',
  ),
];

const SECRETS = { secrets: [{ id: 'token', value: 'golden\n' }] };
const SHOW = 'stat -c "%a %u:%g %n"';

const SECRET: readonly GoldenCase[] = [
  {
    covers: ['RUN --mount=type=secret', 'RUN --mount=type=secret,id'],
    about: '10: a file of root’s that only root reads, for one command',
    dockerfile: [
      'FROM BUSYBOX',
      `RUN --mount=type=secret,id=token ${SHOW} /run/secrets/token > /o; wc -c < /run/secrets/token >> /o`,
    ],
    options: SECRETS,
    paths: { '/o': 'file 0644 0:0 400 0:0 /run/secrets/token\n7\n' },
    history: [
      'RUN /bin/sh -c stat -c "%a %u:%g %n" /run/secrets/token > /o; wc -c < /run/secrets/token >> /o # buildkit',
    ],
  },
  {
    covers: ['id', 'target', 'mode', 'uid', 'gid', 'required'].map((option) => `RUN --mount=type=secret,${option}`),
    about: '10: where, in what mode and whose it says',
    dockerfile: [
      'FROM BUSYBOX',
      `RUN --mount=type=secret,id=token,target=/root/.npmrc,mode=0440,uid=1,gid=2,required ${SHOW} /root/.npmrc > /o`,
    ],
    options: SECRETS,
    paths: { '/o': 'file 0644 0:0 440 1:2 /root/.npmrc\n' },
  },
  {
    covers: ['source', 'target', 'mode', 'uid', 'gid'].map((option) => `RUN --mount=type=secret,${option}`),
    about: '10: source is an id; a relative target is below the working directory',
    dockerfile: [
      'FROM BUSYBOX',
      'WORKDIR /w',
      `RUN --mount=type=secret,source=token,target=s,mode=444,uid=5,gid=6 ${SHOW} /w/s > /o`,
    ],
    options: SECRETS,
    paths: { '/o': 'file 0644 0:0 444 5:6 /w/s\n', '/w': 'dir 0755 0:0' },
  },
  {
    covers: ['RUN --mount=type=secret,env', 'RUN --mount=type=secret,source'],
    about: '10: a variable instead of a file',
    dockerfile: [
      'FROM BUSYBOX',
      `RUN --mount=type=secret,source=token,env=T test "$T" = "$(printf "golden\\n")" -o \${#T} = 7 && ls /run/secrets 2> /dev/null | wc -l > /o`,
    ],
    options: SECRETS,
    paths: { '/o': 'file 0644 0:0 0\n' },
  },
  {
    covers: ['RUN --mount=type=secret,env', 'RUN --mount=type=secret,target'],
    about: '10: a variable and a file',
    dockerfile: ['FROM BUSYBOX', `RUN --mount=type=secret,id=token,env=T,target=/t echo \${#T} > /o; wc -c < /t >> /o`],
    options: { secrets: [{ id: 'token', value: 'golden' }] },
    paths: { '/o': 'file 0644 0:0 6\n6\n' },
  },
  {
    covers: ['RUN --mount=type=secret,required', 'RUN --mount=type=secret'],
    about: '10: one that nobody gives is no mount, unless it is required',
    dockerfile: ['FROM BUSYBOX', 'RUN --mount=type=secret,id=none,required=false test ! -e /run/secrets && touch /o'],
    paths: { '/o': 'file 0644 0:0 ' },
  },
  {
    covers: ['RUN --mount=type=secret,required'],
    about: '10: required and not given',
    dockerfile: ['FROM BUSYBOX', 'RUN --mount=type=secret,id=none,required true'],
    refused: 'STEP_SECRET_MISSING',
    line: 2,
  },
  ...[
    ['RUN --mount=type=secret', 'id=a,sharing=shared', 'has no sharing'],
    ['RUN --mount=type=secret,id', 'id=', 'neither id nor target'],
    ['RUN --mount=type=secret,source', 'id=a,source=b', 'both id and source'],
    ['RUN --mount=type=secret,target', 'id=a,target=/', 'the root'],
    ['RUN --mount=type=secret,env', 'id=a,env', 'a variable without a name'],
    ['RUN --mount=type=secret,mode', 'id=a,mode=9', 'no octal number'],
    ['RUN --mount=type=secret,uid', 'id=a,uid=me', 'no number'],
    ['RUN --mount=type=secret,gid', 'id=a,gid=', 'no number'],
  ].map(([feature = '', options, about]) =>
    refuse(feature, `RUN --mount=type=secret,${options} true`, 'PARSE_BAD_MOUNT', `10: ${about}`),
  ),
];

const SSH_REFUSALS: readonly GoldenCase[] = [
  ['RUN --mount=type=ssh', 'source=x', 'has no source'],
  ['RUN --mount=type=ssh,id', 'id', 'an id without a value'],
  ['RUN --mount=type=ssh,target', 'target=/', 'the root'],
  ['RUN --mount=type=ssh,required', 'required=maybe', 'no switch'],
  ['RUN --mount=type=ssh,mode', 'mode=x', 'no octal number'],
  ['RUN --mount=type=ssh,uid', 'uid=x', 'no number'],
  ['RUN --mount=type=ssh,gid', 'gid=x', 'no number'],
].map(([feature = '', options, about]) =>
  refuse(feature, `RUN --mount=type=ssh,${options} true`, 'PARSE_BAD_MOUNT', `10: ${about}`),
);

const KEY = "ssh-keygen -q -t ed25519 -N '' -f key";

const SSH: readonly GoldenCase[] = [
  {
    covers: ['RUN --mount=type=ssh'],
    about: '10: the default id, at its place, for root alone; the variable names the socket',
    dockerfile: [
      'FROM BUSYBOX',
      'RUN --mount=type=ssh echo $SSH_AUTH_SOCK > /o; stat -c "%a %u:%g %F" $SSH_AUTH_SOCK >> /o',
      'RUN env | grep -c SSH_AUTH >> /o; ls /run >> /o 2> /dev/null || echo nothing >> /o',
    ],
    prepare: [KEY],
    options: { ssh: [{ id: 'default', paths: ['key'] }] },
    paths: { '/o': 'file 0644 0:0 /run/buildkit/ssh_agent.0\n600 0:0 socket\n0\nnothing\n' },
  },
  {
    covers: [
      'RUN --mount=type=ssh',
      ...['id', 'target', 'required', 'mode', 'uid', 'gid'].map((option) => `RUN --mount=type=ssh,${option}`),
    ],
    about: '10: where, in what mode and whose it says; the variable names the first, and only when it is not set',
    dockerfile: [
      'FROM BUSYBOX',
      'RUN --mount=type=ssh,id=k,target=/a/s,required,mode=0666,uid=1,gid=2 stat -c "%a %u:%g %F" /a/s > /o; echo $SSH_AUTH_SOCK >> /o',
      'ENV SSH_AUTH_SOCK=/mine',
      'RUN --mount=type=ssh,id=k echo $SSH_AUTH_SOCK >> /o',
    ],
    prepare: [KEY],
    options: { ssh: [{ id: 'k', paths: ['key'] }] },
    paths: { '/o': 'file 0644 0:0 666 1:2 socket\n/a/s\n/mine\n' },
  },
  {
    covers: ['id', 'target', 'required', 'mode', 'uid', 'gid'].map((option) => `RUN --mount=type=ssh,${option}`),
    about: '10: relative to the working directory; one that nobody gives is no mount',
    dockerfile: [
      'FROM BUSYBOX',
      'WORKDIR /w',
      'RUN --mount=type=ssh,id=none,target=/none,required=false --mount=type=ssh,id=k,target=s,mode=440,uid=3,gid=4 stat -c "%a %u:%g" /w/s > o; test ! -e /none && echo none >> o',
    ],
    prepare: [KEY],
    options: { ssh: [{ id: 'k', paths: ['key'] }] },
    paths: { '/w': 'dir 0755 0:0', '/w/o': 'file 0644 0:0 440 3:4\nnone\n' },
  },
  {
    covers: ['RUN --mount=type=ssh,required'],
    about: '10: required and not given',
    dockerfile: ['FROM BUSYBOX', 'RUN --mount=type=ssh,required true'],
    refused: 'STEP_SSH_MISSING',
    line: 2,
  },
  ...SSH_REFUSALS,
];

export const MOUNT_CASES: readonly GoldenCase[] = [...BIND, ...CACHE, ...TMPFS, ...SECRET, ...SSH];
