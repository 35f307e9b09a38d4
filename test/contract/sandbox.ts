import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { IsolationMethod } from '../../src/core/sandbox.ts';
import { findGroupParents } from '../../src/sandbox/control-group-tree.ts';
import { type Box, openBox, requestFor, runIn } from '../support/sandbox-box.ts';
import type { SandboxUser } from '../support/sandbox-user.ts';

/** Docker's capabilities of root in a container. */
const DOCKER_CAPABILITIES = '00000000a80425fb';
const NOBODY = { identity: { uid: 1000, gid: 1001, supplementaryGids: [7, 20] } };

/** As `it` where a promise is made; elsewhere there is nothing to test, and so nothing to skip. */
function where(isPromised: boolean): (name: string, promise: () => Promise<void>) => void {
  return (name, promise) => {
    if (isPromised) it(name, promise);
  };
}

/** What a command must see and must not see, whatever runs it. */
export function describeSandbox(method: IsolationMethod, user: SandboxUser): void {
  describe(`a command run with ${method} by ${user.title}`, () => {
    let box: Box;
    beforeAll(async () => {
      box = await openBox(user, method);
    });
    afterAll(() => box[Symbol.asyncDispose]());

    const run = async (...args: [command: string | readonly string[], more?: Parameters<typeof runIn>[2]]) => {
      const snapshot = await box.open();
      try {
        return await runIn(snapshot, ...args);
      } finally {
        await snapshot[Symbol.asyncDispose]();
      }
    };
    const read = async (...args: Parameters<typeof run>) => {
      const outcome = await run(...args);
      expect(outcome).toMatchObject({ exitCode: 0 });
      return outcome.stdout.trimEnd();
    };

    /** What takes namespaces, mounts or a /proc, which chroot is without. */
    const itIsolated = where(method !== 'chroot');

    it('tells the exit code', async () => {
      expect(await run('exit 7')).toMatchObject({ exitCode: 7, stdout: '', stderr: '' });
    });

    it('tells by 127 and 126 that there is no such command and that it is none', async () => {
      expect(await run(['/nope'])).toMatchObject({ exitCode: 127, stderr: expect.stringContaining('nope') });
      expect(await run(['nope'])).toMatchObject({ exitCode: 127, stderr: expect.stringContaining('nope') });
      expect(await run(['/tmp'])).toMatchObject({ exitCode: 126 });
    });

    it('tells 128 and the number of a signal that ended the command', async () => {
      expect(await run('ulimit -t 1; while :; do :; done')).toMatchObject({ exitCode: 137 });
    });

    itIsolated('keeps standard output and error apart, both reachable by name', async () => {
      const script = 'echo out >/dev/stdout; echo err >/dev/stderr';
      expect(await run(script)).toMatchObject({ exitCode: 0, stdout: 'out\n', stderr: 'err\n' });
      expect(await run(script, NOBODY)).toMatchObject({ exitCode: 0, stdout: 'out\n', stderr: 'err\n' });
    });

    itIsolated('has exactly the given environment', async () => {
      const env = ['PATH=/bin', 'HOME=/root', 'EMPTY=', 'SPACED= a  b ', 'LINES=1\n2', '-x=1', 'A.B=é'];
      expect(await read(['/bin/cat', '/proc/self/environ'], { env })).toBe(`${env.join('\0')}\0`);
    });

    itIsolated(
      'has an environment that steers the dynamic loader, which the programs of the host never see',
      async () => {
        const env = [
          'PATH=/bin',
          'HOME=/',
          'LD_PRELOAD=/nope.so',
          'LD_LIBRARY_PATH=/lib',
          'LANG=/tmp',
          'GLIBC_TUNABLES=x',
        ];
        expect(await run(['cat', '/proc/self/environ'], { env })).toMatchObject({
          exitCode: 0,
          stdout: `${env.join('\0')}\0`,
          stderr: '',
        });
      },
    );

    it('has the given ids, groups and file mode mask', async () => {
      expect(await read('id -u; id -g; id -G; umask', NOBODY)).toBe('1000\n1001\n1001 7 20\n0022');
      expect(await read('id -u; id -g; id -G; umask')).toBe('0\n0\n0\n0022');
    });

    itIsolated("has Docker's capabilities as root and none in effect as another user", async () => {
      const capabilities = async (more = {}) =>
        Object.fromEntries(
          (await read("grep -E '^(Cap|NoNewPrivs)' /proc/self/status", more))
            .split('\n')
            .map((line) => line.split(':\t')),
        );
      const none = '0000000000000000';
      const docker = {
        CapBnd: DOCKER_CAPABILITIES,
        CapInh: none,
        CapAmb: none,
        NoNewPrivs: method === 'bwrap' ? '1' : '0',
      };
      expect(await capabilities()).toEqual({ ...docker, CapEff: DOCKER_CAPABILITIES, CapPrm: DOCKER_CAPABILITIES });
      expect(await capabilities(NOBODY)).toEqual({ ...docker, CapEff: none, CapPrm: none });
      expect((await capabilities({ security: 'insecure' })).CapEff).toMatch(/^000001f[ef]{3}f{6}$/);
    });

    where(method === 'crun' || method === 'runc')('has a seccomp filter, but not as an insecure one', async () => {
      expect(await read('grep -E ^Seccomp: /proc/self/status')).toBe('Seccomp:\t2');
      expect(await run('unshare -U true')).toMatchObject({ exitCode: 1 });
      expect(await run('unshare -U true', { security: 'insecure' })).toMatchObject({ exitCode: 0 });
    });

    itIsolated('gets no rights from setuid programs with no_new_privs', async () => {
      const flag = 'grep -E ^NoNewPrivs /proc/self/status';
      for (const more of [{}, NOBODY]) {
        expect(await read(flag, { ...more, noNewPrivileges: true })).toBe('NoNewPrivs:\t1');
      }
    });

    it('has the given limits, which it cannot raise', async () => {
      const limits = [
        { name: 'nofile', soft: 50, hard: 60 },
        { name: 'core', soft: 0, hard: 0 },
      ];
      expect(await read('ulimit -Sn; ulimit -Hn; ulimit -c', { limits })).toBe('50\n60\n0');
      expect(await run('ulimit -Hn 70', { limits })).not.toMatchObject({ exitCode: 0 });
    });

    where(mayBind(user))(
      'takes no more memory and no more processes than it may, with all that it starts',
      async () => {
        const bounds = { memoryBytes: 64 << 20, memorySwapBytes: 64 << 20, pids: 64 };
        expect(await run('x=$(head -c 100000000 /dev/zero | tr "\\0" x); echo on', { bounds })).toMatchObject({
          outOfMemory: true,
          exitCode: 137,
          stdout: '',
        });
        expect(await run('head -c 1000000 /dev/zero | wc -c', { bounds })).toEqual(
          expect.not.objectContaining({ outOfMemory: true, unbound: expect.anything() }),
        );
        const many = 'i=0; while [ $i -lt 99 ]; do sleep 9 & i=$((i+1)); done; echo all';
        expect((await run(many, { bounds })).stdout).toBe('');
        expect((await run(many)).stdout).toBe('all\n');
        const groups = leftGroups();
        // Those of other tests go when their commands end.
        await expect.poll(() => leftGroups().filter((name) => groups.includes(name)), { timeout: 60_000 }).toEqual([]);
      },
    );

    where(!mayBind(user))(
      'has limits for each of its processes where it cannot be bound as a whole, and tells',
      async () => {
        const limits = "awk '/^Max (data|processes)/ { print $(NF-1) }' /proc/self/limits";
        const outcome = await run(limits, { bounds: { memoryBytes: 96 << 20, pids: 99 } });
        expect(outcome).toMatchObject({ exitCode: 0, stdout: `${96 << 20}\n99\n`, unbound: expect.any(String) });
      },
    );

    itIsolated('blocks and ignores no signal', async () => {
      const none = '0000000000000000';
      expect(await read(['grep', '-E', '^Sig(Blk|Ign)', '/proc/self/status'])).toBe(
        `SigBlk:\t${none}\nSigIgn:\t${none}`,
      );
    });

    itIsolated('has the given host name, also as a name of the network, and directory', async () => {
      const request = { hostname: 'some-name', cwd: '/tmp', extraHosts: [{ name: 'db', address: '10.0.0.9' }] };
      expect(await read('hostname; pwd; cat /etc/hosts', request)).toMatch(
        /^some-name\n\/tmp\n127\.0\.0\.1\tlocalhost some-name\n.*\n10\.0\.0\.9\tdb$/s,
      );
    });

    itIsolated('has a copy of the resolver configuration that it cannot change', async () => {
      const host = existsSync('/etc/resolv.conf') ? readFileSync('/etc/resolv.conf', 'utf8') : '';
      expect(await read('cat /etc/resolv.conf')).toBe(host.trimEnd());
      expect(await run('echo x >>/etc/resolv.conf')).toMatchObject({ exitCode: 1 });
    });

    itIsolated('has the given size of /dev/shm', async () => {
      const script = 'df -k /dev/shm | tail -n 1 | awk "{ print \\$2 }"';
      expect(await read(script, { shmSizeBytes: 3 << 20 })).toBe('3072');
    });

    itIsolated('has null input and no other open files', async () => {
      expect(await read('read line || echo end')).toBe('end');
      // runc puts a pipe of its own in between.
      if (method !== 'runc') expect(await read('readlink /proc/self/fd/0')).toBe('/dev/null');
      // The fourth is that with which `ls` reads the directory.
      expect(await read('ls /proc/self/fd | wc -l')).toBe('4');
    });

    itIsolated('can use the devices that every container has', async () => {
      const script = [
        'echo gone >/dev/null; cat /dev/null',
        'head -c 3 /dev/zero | od -An -tx1',
        'head -c 8 /dev/random | wc -c; head -c 8 /dev/urandom | wc -c',
        'echo 2>/dev/null >/dev/full || echo full',
        'echo shared >/dev/shm/x && cat /dev/shm/x; for link in fd stdin ptmx; do readlink /dev/$link; done',
        'test -c /dev/tty && test -c /dev/pts/ptmx && grep -q /dev/mqueue /proc/mounts && echo there',
      ].join('\n');
      for (const more of [{}, NOBODY]) {
        expect((await read(script, more)).split('\n').map((line) => line.trim())).toEqual([
          '00 00 00',
          '8',
          '8',
          'full',
          'shared',
          '/proc/self/fd',
          '/proc/self/fd/0',
          'pts/ptmx',
          'there',
        ]);
      }
    });

    itIsolated('is the first of its processes and sees no others', async () => {
      expect(await read('echo $$ /proc/[0-9]*')).toBe('1 /proc/1');
    });

    itIsolated('may not write to /proc and /sys, nor read what is masked', async () => {
      expect(await run('echo x >/proc/sys/kernel/domainname')).toMatchObject({ exitCode: 1 });
      expect(await run('echo 1 >/proc/sysrq-trigger')).toMatchObject({ exitCode: 1 });
      expect(await run('mkdir /sys/x')).toMatchObject({ exitCode: 1 });
      expect(await read('cat /proc/keys /proc/timer_list /proc/kcore 2>/dev/null | wc -c; ls -A /sys/firmware')).toBe(
        '0',
      );
    });

    it('may not mount', async () => {
      expect(await run('mount -t tmpfs tmpfs /tmp')).toMatchObject({ exitCode: 1 });
      expect(await run('umount /')).toMatchObject({ exitCode: 1 });
    });

    itIsolated('cannot see the file system of the host on any path', async () => {
      const outside = mkdtempSync(join(tmpdir(), 'lamella-outside-'));
      onTestFinished(() => rmSync(outside, { recursive: true }));
      writeFileSync(join(outside, 'marker-of-the-host'), 'secret');
      const found =
        'find / -name marker-of-the-host 2>/dev/null; find /proc/1/root/ /proc/1/cwd/ -maxdepth 3 -name marker-of-the-host';
      expect(
        await read(
          `${found}; cat ${outside}/marker-of-the-host /proc/1/root${outside}/marker-of-the-host 2>/dev/null; true`,
        ),
      ).toBe('');
      expect(await read('cat /proc/self/mountinfo')).not.toContain(box.dir);
      expect(await read('cd /..; cd ../../..; ls -d bin; readlink /proc/1/root; readlink /proc/1/cwd')).toBe(
        'bin\n/\n/',
      );
    });

    itIsolated('shares the network of the host by default, and has only loopback with none', async () => {
      const names = (text: string) => [...text.matchAll(/^\d+: ([\w-]+)/gm)].map(([, name]) => name);
      expect(names(await read('ip -o link')).length).toBe(readdirSync('/sys/class/net').length);
      const alone = await read('ip -o link', { network: 'none' });
      expect(names(alone)).toEqual(['lo']);
      expect(alone).toContain('UP');
      expect(await read('ping -c 1 -W 5 127.0.0.1', { network: 'none' })).toContain('1 packets received');
    });

    where(method !== 'chroot' && mayTunnel(user))(
      'can have a network of its own, which leads out but not to the loopback of the machine',
      async () => {
        const port = await greetingServer();
        const greet = (address: string) => `nc -w 3 ${address} ${port} </dev/null`;
        expect(await run(greet('127.0.0.1'))).toMatchObject({ exitCode: 0, stdout: 'hello' });
        for (const address of ['127.0.0.1', '10.0.2.2']) {
          expect(await run(greet(address), { network: 'isolated' })).not.toMatchObject({ exitCode: 0 });
        }
        const script = 'ip -o link; ip route; cat /etc/resolv.conf; ping -c 1 -W 5 10.0.2.2';
        const found = await read(script, { network: 'isolated' });
        expect(found).toMatch(/ lo: .*UP.*\n.* tap0: .*UP/);
        expect(found).toMatch(/default via \d.*\n/);
        expect(found).toMatch(/^nameserver 10\.0\.2\.3$/m);
        expect(found).toContain('1 packets received');
        expect(processesWith(box.dir)).toEqual([]);
      },
    );

    where(method !== 'chroot' && !mayTunnel(user))(
      'cannot have a network of its own where it may not tunnel, and is not run with another',
      async () => {
        await expect(run('true', { network: 'isolated' })).rejects.toMatchObject({
          code: 'STEP_NETWORK_UNAVAILABLE',
          hint: expect.stringContaining('/dev/net/tun'),
        });
      },
    );

    where(method === 'chroot')(
      'has its root, its environment and null devices, and cannot do without network',
      async () => {
        const env = ['PATH=/bin', 'HOME=/root', 'A= b'];
        expect(await read('ls -d /bin /usr 2>/dev/null; env | sort; echo x >/dev/null; cat /dev/null', { env })).toBe(
          '/bin\nA= b\nHOME=/root\nPATH=/bin\nPWD=/\nSHLVL=1',
        );
        for (const network of ['none', 'isolated'] as const) {
          await expect(run('true', { network })).rejects.toMatchObject({ code: 'STEP_SANDBOX_UNAVAILABLE' });
        }
      },
    );

    it('can be given files, folders and memory', async () => {
      const outcome = await read(
        'cat /run/secrets/key; stat -c "%a %u %g" /run/secrets/key; echo x >/mem/y && df -k /mem | tail -1 | tr -s " " | cut -d" " -f2',
        {
          mounts: [
            {
              kind: 'file',
              target: '/run/secrets/key',
              content: Buffer.from('hush\n').toString('base64'),
              mode: 0o440,
              uid: 5,
              gid: 6,
            },
            { kind: 'tmpfs', target: '/mem', readOnly: false, sizeBytes: 1 << 20 },
          ],
        },
      );
      // Without mounts a size is no limit.
      expect(outcome).toMatch(method === 'chroot' ? /^hush\n440 5 6\n/ : /^hush\n440 5 6\n1024$/);
    });

    it('gives all of a large output, no faster than it is taken', async () => {
      const snapshot = await box.open();
      let bytes = 0;
      let taken = 0;
      let ahead = 0;
      await snapshot.run(requestFor('head -c 20000000 /dev/zero'), async (chunk) => {
        bytes += chunk.bytes.byteLength;
        ahead = Math.max(ahead, bytes - taken);
        await new Promise((resolve) => setImmediate(resolve));
        taken += chunk.bytes.byteLength;
      });
      expect(bytes).toBe(20_000_000);
      expect(ahead).toBeLessThan(2 << 20);
      await snapshot[Symbol.asyncDispose]();
    });

    it('is killed with all its processes when it is aborted', async () => {
      const snapshot = await box.open();
      const controller = new AbortController();
      let groups: string[] = [];
      const started = snapshot.run(
        requestFor('setsid sleep 7654321 & sleep 7654321 & echo on; wait'),
        () => {
          groups = processesWith('7654321').flatMap(controlGroupsOf);
          controller.abort();
        },
        controller.signal,
      );
      await expect(started).rejects.toMatchObject({ code: 'STEP_ABORTED' });
      expect(processesWith('7654321')).toEqual([]);
      expect(groups.filter(existsSync)).toEqual([]);
      expect(await runIn(snapshot, 'echo again')).toMatchObject({ stdout: 'again\n' });
      await snapshot[Symbol.asyncDispose]();
    });

    it('leaves no process behind when it ends', async () => {
      expect(await run('setsid sleep 7654322 >/dev/null 2>&1 & echo started')).toMatchObject({ exitCode: 0 });
      expect(processesWith('7654322')).toEqual([]);
    });

    it('leaves no mount points in the snapshot', async () => {
      const snapshot = await box.open();
      const before = await snapshot.changes();
      await runIn(snapshot, 'test -d /proc/1 && test -d /sys/kernel && test -e /etc/hosts', {
        mounts: [{ kind: 'tmpfs', target: '/some/where/deep', readOnly: false }],
      });
      expect(await snapshot.changes()).toEqual(before);
      await snapshot[Symbol.asyncDispose]();
    });
  });
}

/** Whether control groups can be made: as root of a machine that has them. */
function mayBind({ uid }: SandboxUser): boolean {
  try {
    return uid === 0 && findGroupParents(['memory', 'pids']).length > 0;
  } catch {
    return false;
  }
}

function leftGroups(): string[] {
  const folders = findGroupParents(['memory', 'pids']).map(({ folder }) => folder);
  return folders.flatMap((folder) => readdirSync(folder)).filter((name) => /^lamella-[0-9a-f]{16}$/.test(name));
}

/** Whether the user may open the device that the helpers of networks need; which users may is up to the machine. */
function mayTunnel({ uid }: SandboxUser): boolean {
  const device = statSync('/dev/net/tun', { throwIfNoEntry: false });
  return device !== undefined && (uid === 0 || (device.mode & 0o006) === 0o006);
}

/** A server on the loopback of this machine, until the end of the test; gives its port. */
async function greetingServer(): Promise<number> {
  const server = createServer((socket) => socket.end('hello')).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Processes of this machine that have an argument. */
export function processesWith(argument: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => commandLine(pid).some((part) => part.includes(argument)));
}

/** Where groups lie that a runtime made for a process, by cgroups(7), "/proc/[pid]/cgroup". */
function controlGroupsOf(pid: string): string[] {
  const lines = readFileSync(`/proc/${pid}/cgroup`, 'utf8');
  const ours = lines.matchAll(/^\d+:(?:name=)?([^:]*):(.*\/lamella-[0-9a-f]+)$/gm);
  return [...ours].map(([, hierarchy = '', path = '']) => join('/sys/fs/cgroup', hierarchy, path));
}

function commandLine(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}
