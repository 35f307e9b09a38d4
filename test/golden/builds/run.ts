import { type GoldenCase, refuse } from './golden-case.ts';

export const RUN_CASES: readonly GoldenCase[] = [
  {
    covers: ['RUN --network'],
    about: '10: none has nothing but a loopback device',
    dockerfile: [
      'FROM BUSYBOX',
      'RUN --network=none ls /sys/class/net | grep -vc lo > /o; tail -n +3 /proc/net/dev | wc -l >> /o',
    ],
    paths: { '/o': 'file 0644 0:0 0\n1\n' },
    history: ['RUN /bin/sh -c ls /sys/class/net | grep -vc lo > /o; tail -n +3 /proc/net/dev | wc -l >> /o # buildkit'],
  },
  {
    covers: ['RUN --network'],
    about: '10: the instruction wins over the option of the build; host as far as it is allowed',
    dockerfile: [
      'FROM BUSYBOX',
      'RUN --network=host test $(tail -n +3 /proc/net/dev | wc -l) -gt 0 && touch /host',
      'RUN tail -n +3 /proc/net/dev | wc -l > /none',
    ],
    options: { network: 'none', allow: ['network.host'] },
    paths: { '/host': 'file 0644 0:0 ', '/none': 'file 0644 0:0 1\n' },
  },
  refuse('RUN --network', 'RUN --network=bridge true', 'PARSE_BAD_FLAG_VALUE', '10: no such mode'),
  refuse('RUN --network', 'RUN --network=host true', 'PLAN_NOT_ALLOWED', '10: host needs the entitlement'),
  {
    covers: ['RUN --security'],
    about: '10: sandbox is the default',
    dockerfile: [
      'FROM BUSYBOX',
      'RUN grep CapEff /proc/self/status > /a',
      'RUN --security=sandbox grep CapEff /proc/self/status > /b; cmp /a /b && rm /a /b && touch /same',
    ],
    paths: { '/same': 'file 0644 0:0 ' },
  },
  {
    covers: ['RUN --security'],
    about: '10: insecure may mount',
    dockerfile: [
      'FROM BUSYBOX',
      'RUN --security=insecure mkdir /m && mount -t tmpfs none /m && touch /m/x && umount /m',
    ],
    options: { allow: ['security.insecure'] },
    paths: { '/m': 'dir 0755 0:0' },
  },
  refuse('RUN --security', 'RUN --security=open true', 'PARSE_BAD_FLAG_VALUE', '10: no such mode'),
  refuse('RUN --security', 'RUN --security=insecure true', 'PLAN_NOT_ALLOWED', '10: insecure needs the entitlement'),
  {
    covers: ['RUN --device'],
    about: '10: one that cannot be given is left out, unless it is required',
    dockerfile: ['FROM BUSYBOX', 'RUN --device=vendor.test/card=one touch /o'],
    paths: { '/o': 'file 0644 0:0 ' },
  },
  {
    covers: ['RUN --device'],
    about: '10: the same by keys, several times',
    dockerfile: ['FROM BUSYBOX', 'RUN --device=name=vendor.test/a,required=false --device=vendor.test/b touch /o'],
    paths: { '/o': 'file 0644 0:0 ' },
  },
  refuse('RUN --device', 'RUN --device=vendor.test/card,required true', 'PLAN_NO_DEVICE', '10: required and not there'),
  refuse('RUN --device', 'RUN --device true', 'PARSE_FLAG_WITHOUT_VALUE', '3: a list flag needs a value'),
  {
    covers: ['RUN --mount', 'RUN --mount=type=tmpfs'],
    about: '10: several on one command; names in any case; nothing of them in the image',
    dockerfile: [
      'FROM BUSYBOX',
      'RUN --mount=TYPE=tmpfs,DST=/a/b --mount=type=tmpfs,target=/c touch /a/b/x /c/x && ls /a/b /c > /o',
    ],
    paths: { '/o': 'file 0644 0:0 /a/b:\nx\n\n/c:\nx\n' },
    history: ['RUN /bin/sh -c touch /a/b/x /c/x && ls /a/b /c > /o # buildkit'],
  },
  {
    covers: ['RUN --mount', 'RUN --mount=type=bind,target'],
    about: '6, 10: values are expanded',
    dockerfile: ['FROM BUSYBOX', 'ARG WHERE=/m', 'RUN --mount=type=bind,target=$WHERE cat /m/f > /o'],
    files: { f: 'f' },
    paths: { '/o': 'file 0644 0:0 f' },
  },
  refuse('RUN --mount', 'RUN --mount=type=volume,target=/v true', 'PARSE_UNKNOWN_MOUNT_TYPE', '10: no such type'),
  refuse('RUN --mount', 'RUN --mount=target=/v,colour=red true', 'PARSE_UNKNOWN_MOUNT_OPTION', '10: no such option'),
  {
    covers: ['RUN'],
    about: '10: working directory, umask, input, host name and variables of a command',
    dockerfile: [
      'FROM BUSYBOX',
      'WORKDIR /w',
      'RUN pwd > a; umask >> a; cat >> a; readlink /proc/self/fd/0 >> a; hostname >> a; echo $HOME >> a',
    ],
    paths: { '/w': 'dir 0755 0:0', '/w/a': 'file 0644 0:0 /w\n0022\n/dev/null\nbuildkitsandbox\n/root\n' },
  },
];
