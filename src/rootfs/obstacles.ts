import type { Machine } from './machine.ts';
import { containerRemedies } from './remedies.ts';

/** Why commands cannot be isolated on a machine, or only in part, and what would change that. */
export interface Obstacle {
  readonly reason: string;
  /** Commands to type or settings to make, each enough by itself unless it says otherwise. */
  readonly remedies: readonly string[];
  /** What there is without any of them, for less protection. */
  readonly instead?: string;
}

interface Rule {
  readonly applies: (machine: Machine) => boolean;
  readonly obstacle: (machine: Machine) => Obstacle;
}

const SUDO = 'build as root: sudo -E npx lamella build …';

/** Most likely first: what stands further up hides what stands below. */
const RULES: readonly Rule[] = [
  {
    applies: ({ platform }) => platform === 'darwin',
    obstacle: () => ({
      reason: 'macOS has no Linux namespaces, which RUN needs',
      remedies: ['limactl start && lima npx lamella build … (a Linux virtual machine)', 'build in CI on Linux'],
    }),
  },
  {
    applies: ({ platform }) => platform === 'win32',
    obstacle: () => ({
      reason: 'Windows has no Linux namespaces, which RUN needs',
      remedies: ['wsl --install, then build inside of WSL 2', 'build in CI on Linux'],
    }),
  },
  {
    applies: ({ platform }) => platform !== 'linux',
    obstacle: ({ platform }) => ({ reason: `${platform} has no Linux namespaces`, remedies: ['build on Linux'] }),
  },
  {
    applies: ({ hasProc }) => !hasProc,
    obstacle: () => ({ reason: '/proc is not mounted', remedies: ['mount -t proc proc /proc'] }),
  },
  {
    applies: ({ hasUnshare }) => !hasUnshare,
    obstacle: (machine) => ({
      reason: 'the program unshare is missing',
      remedies: [installCommand('util-linux', machine)],
    }),
  },
  {
    applies: ({ isRoot, canAdminister }) => isRoot && !canAdminister,
    obstacle: (machine) => ({
      reason: 'this container has no CAP_SYS_ADMIN: it may neither mount nor make namespaces',
      remedies: [containerRemedies(machine).administer],
      instead: `--isolation chroot, which needs ${machine.canChroot ? 'no more rights' : 'CAP_MKNOD and CAP_SYS_CHROOT'}${CHROOT}`,
    }),
  },
  {
    applies: ({ hasUserNamespaces, isRoot }) => !hasUserNamespaces && !isRoot,
    obstacle: () => ({
      reason: 'user namespaces are off (user.max_user_namespaces is 0)',
      remedies: ['sudo sysctl -w user.max_user_namespaces=15000', SUDO],
    }),
  },
  {
    applies: ({ allowsUserNamespaces, isRoot }) => !allowsUserNamespaces && !isRoot,
    obstacle: () => ({
      reason: 'user namespaces are closed to ordinary users (kernel.unprivileged_userns_clone is 0)',
      remedies: ['sudo sysctl -w kernel.unprivileged_userns_clone=1', SUDO],
    }),
  },
  {
    applies: ({ appArmorRestrictsUserNamespaces, isRoot }) => appArmorRestrictsUserNamespaces && !isRoot,
    obstacle: ({ runner }) => ({
      reason: 'AppArmor restricts user namespaces (Ubuntu 23.10 and later)',
      remedies: [
        runner === 'github'
          ? 'a step before the build: run: sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0'
          : 'sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0 (to keep it: a file in /etc/sysctl.d)',
        'a profile in /etc/apparmor.d that gives the program unshare the rule `userns,`',
        SUDO,
      ],
    }),
  },
  {
    applies: ({ isRoot, container, hasSeccompFilter, hasMaskedProc }) =>
      !isRoot && container !== undefined && (hasSeccompFilter || hasMaskedProc),
    obstacle: (machine) => ({
      reason: 'this container forbids user namespaces (its seccomp filter) or a fresh /proc (its masked paths)',
      remedies: [containerRemedies(machine).userNamespaces],
    }),
  },
  {
    applies: ({ isRoot, isInUserNamespace, hasMaskedProc }) => isRoot && isInUserNamespace && hasMaskedProc,
    obstacle: () => ({
      reason: 'the user namespace around has parts of /proc mounted over, and so forbids a fresh one',
      remedies: ['start the container as an ordinary user (bwrap), or without a user namespace'],
    }),
  },
];

const CHROOT = ': a root directory of its own, and nothing else, is between a command and this container';

/** What keeps a machine from isolating commands, as far as it can be seen without trying. */
export function findObstacle(machine: Machine): Obstacle | undefined {
  return RULES.find(({ applies }) => applies(machine))?.obstacle(machine);
}

/** What stops single methods where root may mount: crun, runc and bwrap make calls that filters of containers refuse. */
export function filterObstacle({ isRoot, canAdminister, hasSeccompFilter, ...place }: Machine): Obstacle | undefined {
  if (!isRoot || !canAdminister || !hasSeccompFilter) return undefined;
  return {
    reason: 'most likely the seccomp filter of this container refuses what it does',
    remedies: [containerRemedies(place).unfiltered],
  };
}

const FILE_CAPABILITIES =
  'in the image, as root: chmod u-s /usr/bin/newuidmap /usr/bin/newgidmap && setcap cap_setuid=ep /usr/bin/newuidmap && setcap cap_setgid=ep /usr/bin/newgidmap (package libcap2-bin)';

/** What keeps a user, or root without rights, from owning files as anybody (user_namespaces(7), "subordinate ids"). */
export function subordinateIdObstacle(machine: Machine): Obstacle | undefined {
  const { isRoot, canAdminister, isNewIdMapPowerless, hasNewIdMap, hasSubordinateIds, userName } = machine;
  if (isRoot && canAdminister) return undefined;
  const addIds = `${isRoot ? '' : 'sudo '}usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ${userName}`;
  if (!hasNewIdMap) {
    const remedies = [
      `${installCommand('uidmap', machine)} (newuidmap, newgidmap)`,
      ...(hasSubordinateIds ? [] : [addIds]),
    ];
    return { reason: 'newuidmap and newgidmap are missing', remedies };
  }
  if (!hasSubordinateIds) {
    return { reason: `${userName} has no subordinate ids in /etc/subuid and /etc/subgid`, remedies: [addIds] };
  }
  if (isRoot) return undefined;
  if (machine.hasNoNewPrivileges) {
    return {
      reason: 'no_new_privs is set, which takes its rights from newuidmap',
      remedies: [containerRemedies(machine).newPrivileges],
    };
  }
  if (!isNewIdMapPowerless) return undefined;
  return {
    reason: 'newuidmap is setuid root, and root of this container has no CAP_SYS_ADMIN',
    remedies: [FILE_CAPABILITIES],
  };
}

const PACKAGE_COMMANDS: readonly (readonly [distribution: string, command: string])[] = [
  ['debian', 'apt-get install'],
  ['ubuntu', 'apt-get install'],
  ['alpine', 'apk add'],
  ['fedora', 'dnf install'],
  ['rhel', 'dnf install'],
  ['suse', 'zypper install'],
  ['arch', 'pacman -S'],
];

/** Names that other distributions than Debian have for a package. */
const OTHER_NAMES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  uidmap: { alpine: 'shadow-subids', fedora: 'shadow-utils', rhel: 'shadow-utils', suse: 'shadow', arch: 'shadow' },
};

export function installCommand(name: string, { distributions, isRoot }: Machine): string {
  const known = PACKAGE_COMMANDS.find(([distribution]) => distributions.includes(distribution));
  if (known === undefined) return `install the package ${name}`;
  const [distribution, command] = known;
  return `${isRoot ? '' : 'sudo '}${command} ${OTHER_NAMES[name]?.[distribution] ?? name}`;
}
