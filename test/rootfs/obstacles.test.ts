import { describe, expect, it, test } from 'vitest';
import { withObstacle } from '../../src/build/doctor/try-method.ts';
import type { Machine } from '../../src/rootfs/machine.ts';
import { findObstacle, installCommand, subordinateIdObstacle } from '../../src/rootfs/obstacles.ts';

/** Debian, an ordinary user with everything. */
const DEBIAN: Machine = {
  platform: 'linux',
  distributions: ['debian'],
  isRoot: false,
  userName: 'ann',
  container: undefined,
  runner: undefined,
  canAdminister: false,
  canAdministerNetwork: false,
  canChroot: false,
  isInUserNamespace: false,
  hasProc: true,
  hasSeccompFilter: false,
  hasNoNewPrivileges: false,
  hasMaskedProc: false,
  allowsUserNamespaces: true,
  hasUserNamespaces: true,
  appArmorRestrictsUserNamespaces: false,
  hasUnshare: true,
  hasNewIdMap: true,
  isNewIdMapPowerless: false,
  hasSubordinateIds: true,
};

const CONTAINED = { ...DEBIAN, hasSeccompFilter: true, hasMaskedProc: true } as const;
const UBUNTU = { ...DEBIAN, distributions: ['ubuntu', 'debian'], appArmorRestrictsUserNamespaces: true } as const;

describe('the obstacle to isolation', () => {
  it('is none where nothing speaks against it', () => {
    expect(findObstacle(DEBIAN)).toBeUndefined();
    expect(findObstacle({ ...DEBIAN, isRoot: true, canAdminister: true })).toBeUndefined();
    expect(findObstacle({ ...UBUNTU, isRoot: true, canAdminister: true })).toBeUndefined();
  });

  test.each<[title: string, machine: Machine, reason: string, remedy: string]>([
    ['macOS', { ...DEBIAN, platform: 'darwin' }, 'macOS has no Linux namespaces', 'lima npx lamella build'],
    ['Windows', { ...DEBIAN, platform: 'win32' }, 'Windows has no Linux namespaces', 'wsl --install'],
    ['another system', { ...DEBIAN, platform: 'freebsd' }, 'freebsd has no', 'build on Linux'],
    ['a chroot without /proc', { ...DEBIAN, hasProc: false }, '/proc is not mounted', 'mount -t proc'],
    [
      'bwrap --unshare-user as root',
      { ...DEBIAN, isRoot: true, canAdminister: true, isInUserNamespace: true, hasMaskedProc: true },
      '/proc',
      'as an ordinary user',
    ],
    ['Debian without util-linux', { ...DEBIAN, hasUnshare: false }, 'unshare', 'sudo apt-get install util-linux'],
    ['namespaces off', { ...DEBIAN, hasUserNamespaces: false }, 'off', 'sysctl -w user.max_user_namespaces'],
    ['an old Debian', { ...DEBIAN, allowsUserNamespaces: false }, 'closed', 'unprivileged_userns_clone=1'],
    ['Ubuntu', UBUNTU, 'AppArmor', 'sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0 (to keep it'],
    ['a GitHub runner', { ...UBUNTU, runner: 'github' }, 'AppArmor', 'a step before the build: run: sudo sysctl'],
    [
      'root in a docker container',
      { ...CONTAINED, isRoot: true, container: 'docker' },
      'no CAP_SYS_ADMIN',
      'docker run --cap-add SYS_ADMIN',
    ],
    [
      'root in a podman container',
      { ...CONTAINED, isRoot: true, container: 'podman' },
      'no CAP_SYS_ADMIN',
      'podman run --cap-add SYS_ADMIN',
    ],
    [
      'a GitLab runner',
      { ...CONTAINED, isRoot: true, container: 'docker', runner: 'gitlab' },
      'no CAP_SYS_ADMIN',
      'cap_add = ["SYS_ADMIN"]',
    ],
    ['root in a pod', { ...CONTAINED, isRoot: true, container: 'kubernetes' }, 'no CAP_SYS_ADMIN', 'hostUsers: false'],
    ['a user in a pod', { ...CONTAINED, container: 'kubernetes' }, 'seccomp', 'procMount: Unmasked'],
    ['a user in docker', { ...CONTAINED, container: 'docker' }, 'seccomp', 'systempaths=unconfined'],
    ['a user in podman', { ...CONTAINED, container: 'podman' }, 'seccomp', 'unmask=ALL'],
    ['a user in bwrap', { ...CONTAINED, container: 'other' }, 'seccomp', 'without a seccomp filter'],
  ])('of %s comes with its remedy', (_, machine, reason, remedy) => {
    const obstacle = findObstacle(machine);
    expect(obstacle?.reason).toContain(reason);
    expect(obstacle?.remedies.join('\n')).toContain(remedy);
  });
});

describe('what there is instead of namespaces', () => {
  const root = { ...CONTAINED, isRoot: true } as const;

  it.each(['docker', 'podman', 'kubernetes', 'other'] as const)('is chroot for root in %s', (container) => {
    expect(findObstacle({ ...root, container, canChroot: true })?.instead).toMatch(
      /^--isolation chroot.* no more rights:/,
    );
    expect(findObstacle({ ...root, container })?.instead).toContain('needs CAP_MKNOD and CAP_SYS_CHROOT:');
  });

  it('is nothing for others', () => {
    expect(findObstacle({ ...CONTAINED, container: 'docker' })?.instead).toBeUndefined();
    expect(findObstacle(UBUNTU)?.instead).toBeUndefined();
  });
});

describe('a method whose program is missing', () => {
  const missing = {
    method: 'crun',
    works: false,
    gives: '',
    reason: 'not installed',
    remedies: ['install it'],
  } as const;
  const docker = { ...CONTAINED, isRoot: true, container: 'docker' } as const;

  it('takes that program alone where another method works', () => {
    const methods = [missing, { method: 'unshare', works: true, gives: '', remedies: [] }] as const;
    expect(withObstacle(methods, docker)[0]).toEqual(missing);
  });

  it('takes the program, and what the others take, where none does', () => {
    const methods = [missing, { method: 'chroot', works: true, gives: '', remedies: [] }] as const;
    expect(withObstacle(methods, docker)[0]).toMatchObject({
      reason: expect.stringMatching(/^not installed, and .*no CAP_SYS_ADMIN/),
      remedies: [expect.stringMatching(/^install it, and docker run --cap-add SYS_ADMIN/)],
    });
    expect(withObstacle(methods, DEBIAN)[0]).toEqual(missing);
  });
});

describe('the obstacle to subordinate ids', () => {
  it('is none for root and for a user who has them', () => {
    expect(subordinateIdObstacle({ ...DEBIAN, isRoot: true, canAdminister: true, hasNewIdMap: false })).toBeUndefined();
    expect(subordinateIdObstacle(DEBIAN)).toBeUndefined();
    expect(subordinateIdObstacle({ ...DEBIAN, isRoot: true })).toBeUndefined();
  });

  it('is a missing program, a missing range, or a flag that takes the rights of the program', () => {
    expect(subordinateIdObstacle({ ...DEBIAN, hasNewIdMap: false, hasSubordinateIds: false })?.remedies).toEqual([
      'sudo apt-get install uidmap (newuidmap, newgidmap)',
      'sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ann',
    ]);
    expect(subordinateIdObstacle({ ...DEBIAN, hasSubordinateIds: false })?.reason).toContain('/etc/subuid');
    expect(subordinateIdObstacle({ ...DEBIAN, hasNoNewPrivileges: true })?.reason).toContain('no_new_privs');
    const powerless = subordinateIdObstacle({ ...DEBIAN, isNewIdMapPowerless: true });
    expect(powerless?.reason).toContain('setuid root');
    expect(powerless?.remedies).toEqual([expect.stringContaining('setcap cap_setuid=ep /usr/bin/newuidmap')]);
  });

  it('is that of a user for root who may not make namespaces, without sudo', () => {
    const root = { ...CONTAINED, isRoot: true, userName: 'root', hasSubordinateIds: false } as const;
    expect(subordinateIdObstacle(root)?.remedies).toEqual([
      'usermod --add-subuids 100000-165535 --add-subgids 100000-165535 root',
    ]);
  });
});

describe('the command that installs a package', () => {
  test.each([
    [['ubuntu', 'debian'], false, 'sudo apt-get install uidmap'],
    [['alpine'], true, 'apk add shadow-subids'],
    [['rocky', 'rhel', 'centos', 'fedora'], true, 'dnf install shadow-utils'],
    [['unheard-of'], true, 'install the package uidmap'],
  ])('on %s', (distributions, isRoot, command) => {
    expect(installCommand('uidmap', { ...DEBIAN, distributions, isRoot })).toBe(command);
  });
});
