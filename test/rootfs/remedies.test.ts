import { describe, expect, it } from 'vitest';
import { boundsRemedies, networkRemedies, snapshotterRemedies } from '../../src/build/doctor/feature-remedies.ts';
import { detectPlace, type Machine, type PlaceMarks } from '../../src/rootfs/machine.ts';
import { filterObstacle, findObstacle, subordinateIdObstacle } from '../../src/rootfs/obstacles.ts';
import { containerRemedies } from '../../src/rootfs/remedies.ts';

type Marks = Readonly<{ variables?: Readonly<Record<string, string>>; files?: Readonly<Record<string, string>> }>;

interface Place extends Marks {
  readonly title: string;
  readonly detected: Pick<Machine, 'container' | 'runner'>;
  /** What every way on begins with, unless it is in `elsewhere`. */
  readonly words: RegExp;
}

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
const GITHUB = { GITHUB_ACTIONS: 'true' };
const GITLAB = { GITLAB_CI: 'true' };
const DOCKER = { '/.dockerenv': '' };
const inPlace = (container: Machine['container'], runner?: Machine['runner']): Place['detected'] => ({
  container,
  runner,
});

const PLACES: readonly Place[] = [
  { title: 'docker', files: DOCKER, detected: inPlace('docker'), words: /^docker run / },
  {
    title: 'podman',
    files: { '/run/.containerenv': 'engine="podman-4.3.1"\n' },
    detected: inPlace('podman'),
    words: /^podman run /,
  },
  {
    title: 'podman with the root of a docker container',
    files: { ...DOCKER, '/run/.containerenv': '' },
    variables: { container: 'podman' },
    detected: inPlace('podman'),
    words: /^podman run /,
  },
  { title: 'podman of old', files: { '/run/.containerenv': '' }, detected: inPlace('podman'), words: /^podman run / },
  {
    title: 'docker with an image that podman has made',
    files: { ...DOCKER, '/run/.containerenv': '' },
    detected: inPlace('docker'),
    words: /^docker run /,
  },
  {
    title: 'buildah',
    files: { '/run/.containerenv': 'engine="buildah-1.28.2"\n' },
    detected: inPlace('buildah'),
    words: /^(build as root: )?buildah (run|from) /,
  },
  {
    title: 'a pod',
    variables: { KUBERNETES_SERVICE_HOST: '10.0.0.1' },
    files: DOCKER,
    detected: inPlace('kubernetes'),
    words: /^in the (pod|container):? /,
  },
  {
    title: 'a pod whose variables are gone',
    files: { [SERVICE_ACCOUNT]: '' },
    detected: inPlace('kubernetes'),
    words: /^in the (pod|container):? /,
  },
  {
    title: 'a container of a GitHub job',
    variables: GITHUB,
    files: DOCKER,
    detected: inPlace('docker', 'github'),
    words: /^in the job, container\.options: /,
  },
  {
    title: 'a GitLab job',
    variables: GITLAB,
    files: DOCKER,
    detected: inPlace('docker', 'gitlab'),
    words: /^in config\.toml of the runner, \[runners\.docker\]: /,
  },
  {
    title: 'a GitLab job in a pod',
    variables: { ...GITLAB, KUBERNETES_SERVICE_HOST: '10.0.0.1' },
    detected: inPlace('kubernetes', 'gitlab'),
    words: /^(in config\.toml of the runner, \[runners\.kubernetes|in the pod: )/,
  },
  {
    title: 'another container',
    variables: { container: 'lxc' },
    detected: inPlace('other'),
    words: /^start the container with/,
  },
];

function marksOf({ variables = {}, files = {} }: Marks): PlaceMarks {
  return {
    environment: (name) => variables[name],
    text: (path) => files[path] ?? '',
    exists: (path) => path in files,
  };
}

/** Contained as by default, with all programs. */
const CONTAINED: Machine = {
  ...{ platform: 'linux', distributions: ['debian'], userName: 'ann', container: undefined, runner: undefined },
  ...{
    isRoot: false,
    canAdminister: false,
    canAdministerNetwork: false,
    canChroot: false,
    isInUserNamespace: false,
    hasProc: true,
  },
  ...{ hasSeccompFilter: true, hasNoNewPrivileges: true, hasMaskedProc: true, allowsUserNamespaces: true },
  ...{ hasUserNamespaces: true, appArmorRestrictsUserNamespaces: false, hasUnshare: true },
  ...{ hasNewIdMap: true, isNewIdMapPowerless: true, hasSubordinateIds: true },
};

/** All that is ever said of a container. */
function waysOn(place: Place['detected']): string[] {
  const user: Machine = { ...CONTAINED, ...place };
  const root: Machine = { ...user, isRoot: true };
  const missing = { method: 'unshare', programs: ['slirp4netns', 'pasta', 'fuse-overlayfs'], tun: 'missing' } as const;
  const facts = { ...missing, fuse: 'denied', machine: user } as const;
  return [
    findObstacle(root),
    findObstacle(user),
    filterObstacle({ ...root, canAdminister: true }),
    subordinateIdObstacle(user),
  ]
    .flatMap((obstacle) => obstacle?.remedies ?? ['nothing'])
    .concat(networkRemedies(facts), snapshotterRemedies({ name: 'copy' }, facts).slice(1))
    .concat(boundsRemedies({ machine: user }).map((limits) => limits.replace('limits for the whole container: ', '')))
    .concat(containerRemedies(place).capability('MKNOD'));
}

describe.each(PLACES)('in $title', (place) => {
  it('is told by its marks', () => {
    expect(detectPlace(marksOf(place))).toEqual(place.detected);
  });

  it('every way on is in the words of whoever starts it', () => {
    const ways = waysOn(place.detected);
    expect(ways).toHaveLength(8);
    for (const way of ways) expect(way).toMatch(place.words);
  });

  it('root asks for CAP_SYS_ADMIN, and chroot for CAP_MKNOD', () => {
    const [root] = waysOn(place.detected);
    expect(root).toContain('SYS_ADMIN');
    expect(containerRemedies(place.detected).capability('MKNOD')).toContain('MKNOD');
  });
});

describe('outside of containers', () => {
  it.each<[string, Marks, Machine['runner']]>([
    ['a machine', {}, undefined],
    ['a GitHub runner', { variables: GITHUB }, 'github'],
    ['a GitLab shell runner', { variables: GITLAB }, 'gitlab'],
  ])('%s shows no container', (_, marks, runner) => {
    expect(detectPlace(marksOf(marks))).toEqual({ container: undefined, runner });
  });
});
