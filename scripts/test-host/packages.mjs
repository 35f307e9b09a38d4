import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { findProgram, run } from './process.mjs';
import { say } from './say.mjs';

/** Debian's name of the Docker Engine reads like a host, and this repository names no registry's host. */
const DOCKER = ['docker', 'io'].join('.');

/** The one list of what the tests need of Debian. */
const PACKAGES = {
  e2e: [
    'docker-registry',
    'apache2-utils',
    'openssl',
    'busybox-static',
    'crun',
    'slirp4netns',
    'fuse-overlayfs',
    'uidmap',
    'zstd',
    'xz-utils',
    'bzip2',
    'attr',
    'libcap2-bin',
    'git',
    'openssh-client',
  ],
  all: [
    ...[
      'skopeo',
      'umoci',
      'podman',
      'catatonit',
      'podman-compose',
      'buildah',
      'runc',
      DOCKER,
      'containerd',
      'bubblewrap',
    ],
    ...['qemu-user-static', 'iptables', 'mmdebstrap', 'debian-archive-keyring'],
  ],
};

/** Installs what is missing. Where that is not possible, says so and lets what is there decide. */
export function installPackages(level) {
  const wanted = level === 'all' ? [...PACKAGES.e2e, ...PACKAGES.all] : PACKAGES.e2e;
  const dpkgQuery = existsSync('/etc/debian_version') ? findProgram('dpkg-query') : undefined;
  if (dpkgQuery === undefined) return say(`this is not Debian: using what is installed of ${wanted.join(' ')}`);
  const installed = installedOf(dpkgQuery, wanted);
  const missing = wanted.filter((name) => !installed.includes(name));
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0) return say(`only root can install ${missing.join(' ')}: going on without`);
  say(`installing ${missing.join(' ')}`);
  aptGet('update');
  aptGet('install', '--yes', '--no-install-recommends', ...missing);
}

// biome-ignore lint/suspicious/noTemplateCurlyInString: fields of dpkg-query, which has the same notation.
const FORMAT = '${Package} ${db:Status-Status}\n';

/** dpkg-query answers for the packages that it knows, and fails when there is one that it does not. */
function installedOf(dpkgQuery, names) {
  const { stdout } = spawnSync(dpkgQuery, ['--show', '--showformat', FORMAT, ...names], { encoding: 'utf8' });
  const lines = (stdout ?? '').split('\n').map((line) => line.split(' '));
  return lines.filter(([, status]) => status === 'installed').map(([name]) => name);
}

function aptGet(...args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  run('apt-get', ['--quiet', '--option', 'DPkg::Lock::Timeout=300', ...args], { env });
}
