import { describe, expect, it, test } from 'vitest';
import {
  boundsRemedies,
  type FeatureFacts,
  networkRemedies,
  readFeatureFacts,
  snapshotterRemedies,
} from '../../../src/build/doctor/feature-remedies.ts';
import { type Machine, readMachine } from '../../../src/rootfs/machine.ts';

/** Debian, an ordinary user who has everything. */
const MACHINE: Machine = {
  ...readMachine(),
  platform: 'linux',
  distributions: ['debian'],
  isRoot: false,
  container: undefined,
  runner: undefined,
};

const FACTS: FeatureFacts = {
  machine: MACHINE,
  method: 'crun',
  programs: ['slirp4netns', 'pasta', 'fuse-overlayfs'],
  tun: 'open',
  fuse: 'open',
};

const within = (container: Machine['container']): Machine => ({ ...MACHINE, container });
const ROOT: Machine = { ...MACHINE, isRoot: true, canAdministerNetwork: true };
/** The rule of a machine where root can neither mount nor make namespaces. */
const CHROOT: FeatureFacts = {
  ...FACTS,
  method: 'chroot',
  machine: { ...ROOT, container: 'docker', canAdminister: false, hasUnshare: true },
};

describe('what would give commands a network of their own', () => {
  test.each<[title: string, facts: Partial<FeatureFacts>, remedies: readonly string[]]>([
    ['nothing known', {}, []],
    ['a helper', { programs: [] }, ['sudo apt-get install slirp4netns']],
    ['a helper, as root', { programs: [], machine: ROOT }, ['apt-get install slirp4netns']],
    ['the other helper', { programs: ['slirp4netns'] }, ['sudo apt-get install passt']],
    ['the first helper', { programs: ['pasta'] }, ['sudo apt-get install slirp4netns']],
    ['the right to open the device', { tun: 'closed' }, ['sudo chmod 666 /dev/net/tun']],
    ['the kernel module', { tun: 'missing', machine: ROOT }, ['modprobe tun']],
    ['both', { programs: [], tun: 'missing' }, ['sudo apt-get install slirp4netns', 'sudo modprobe tun']],
    ['docker', { tun: 'missing', machine: within('docker') }, ['docker run --device /dev/net/tun …']],
    ['podman', { tun: 'denied', machine: within('podman') }, ['podman run --device /dev/net/tun …']],
    [
      'both the device and the right to use it',
      {
        tun: 'missing',
        machine: { ...within('docker'), isRoot: true, canAdminister: true, canAdministerNetwork: false },
      },
      ['docker run --device /dev/net/tun …', 'docker run --cap-add NET_ADMIN …'],
    ],
    ['a mode in docker', { tun: 'closed', machine: within('docker') }, ['sudo chmod 666 /dev/net/tun']],
    [
      'a pod',
      { tun: 'missing', machine: within('kubernetes') },
      ['in the pod: /dev/net/tun of the node, by a device plugin'],
    ],
    ['a container', { tun: 'missing', machine: within('other') }, ['start the container with /dev/net/tun']],
    ['a container that does not show', { tun: 'denied' }, ['start the container with /dev/net/tun']],
  ])('is %s', (_, facts, remedies) => {
    expect(networkRemedies({ ...FACTS, ...facts })).toEqual(remedies);
  });
});

describe('what would give a better snapshotter', () => {
  const PLACE = 'a cache folder on a local file system such as ext4 or xfs: --cache-dir DIR';

  test.each<
    [title: string, name: 'overlay' | 'fuse-overlayfs' | 'copy', facts: Partial<FeatureFacts>, remedies: string[]]
  >([
    ['nothing for the best', 'overlay', { programs: [], fuse: 'missing' }, []],
    ['another place', 'fuse-overlayfs', {}, [PLACE]],
    ['a program', 'copy', { programs: [] }, [PLACE, 'sudo apt-get install fuse-overlayfs']],
    ['the right to open the device', 'copy', { fuse: 'closed' }, [PLACE, 'sudo chmod 666 /dev/fuse']],
    ['the kernel module', 'copy', { fuse: 'missing' }, [PLACE, 'sudo modprobe fuse']],
    [
      'a volume and a device',
      'copy',
      { fuse: 'denied', machine: within('docker') },
      ['a cache folder on a volume: --cache-dir DIR', 'docker run --device /dev/fuse …'],
    ],
  ])('is %s', (_, name, facts, remedies) => {
    expect(snapshotterRemedies({ name }, { ...FACTS, ...facts })).toEqual(remedies);
  });
});

describe('what would bind commands as a whole', () => {
  test.each<[title: string, machine: Machine, first: string, count: number]>([
    ['a user', MACHINE, 'systemd-run --user --scope -p Delegate=yes', 3],
    ['root', ROOT, 'systemd-run --scope -p Delegate=yes', 2],
    ['docker', within('docker'), 'docker run --memory 4g', 1],
    ['a pod', within('kubernetes'), 'resources.limits.memory', 1],
  ])('depends on who builds where: %s', (_, machine, first, count) => {
    const remedies = boundsRemedies({ machine });
    expect(remedies[0]).toContain(first);
    expect(remedies).toHaveLength(count);
  });
});

it('lets chroot have what isolates better at all', () => {
  expect(networkRemedies(CHROOT).join('\n')).toContain('SYS_ADMIN');
  expect(snapshotterRemedies({ name: 'copy' }, CHROOT)).toEqual(networkRemedies(CHROOT));
});

it('looks at the devices of this machine by opening them', () => {
  const { tun, fuse, programs } = readFeatureFacts('crun', MACHINE);
  expect(['open', 'closed', 'denied', 'missing']).toEqual(expect.arrayContaining([tun, fuse]));
  expect(FACTS.programs).toEqual(expect.arrayContaining([...programs]));
});
