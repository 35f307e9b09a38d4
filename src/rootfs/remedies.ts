import type { Machine } from './machine.ts';

/** Where a build runs, as far as that decides by which words it gets more rights. */
type Place = 'docker' | 'podman' | 'buildah' | 'kubernetes' | 'github' | 'gitlab' | 'gitlab-kubernetes' | 'other';

/** What to type or to set, in the words of a place, so that a container lets commands be isolated. */
export interface Remedies {
  /** Lets root mount and make namespaces: CAP_SYS_ADMIN. */
  readonly administer: string;
  /** Lets an ordinary user make user namespaces, with a /proc in them. */
  readonly userNamespaces: string;
  /** Lets root, who may mount already, use the methods that a seccomp filter stops. */
  readonly unfiltered: string;
  /** Lets newuidmap take its rights. */
  readonly newPrivileges: string;
  readonly capability: (name: string) => string;
  readonly device: (path: string) => string;
  /** Binds all that runs in the container, where commands cannot be bound one by one. */
  readonly limits: string;
}

const VOLUME = '(without a volume layers are copied: overlayfs does not stack on itself)';
const JOB = 'in the job, container.options:';
const CONFIG = 'in config.toml of the runner,';
const POD_GROUP = '[runners.kubernetes.build_container_security_context.capabilities]';
/** Asked for by root and by ordinary users, who are told to be root. */
const GITLAB_ROOT = `${CONFIG} [runners.docker]: cap_add = ["SYS_ADMIN"], security_opt = ["apparmor=unconfined"], volumes = ["/root/.cache/lamella"]; build as root`;
const GITLAB_POD_ROOT = `${CONFIG} ${POD_GROUP}: add = ["SYS_ADMIN"]; build as root`;
const CACHE_FOLDER = 'with an emptyDir for the cache folder';

const REMEDIES: Readonly<Record<Place, Remedies>> = {
  docker: {
    administer: `docker run --cap-add SYS_ADMIN --security-opt apparmor=unconfined -v lamella:/root/.cache/lamella … ${VOLUME}`,
    userNamespaces:
      'docker run --security-opt seccomp=unconfined --security-opt systempaths=unconfined --security-opt apparmor=unconfined …, with a volume for the cache folder',
    unfiltered: 'docker run --cap-add SYS_ADMIN --security-opt seccomp=unconfined --security-opt apparmor=unconfined …',
    newPrivileges: 'docker run … without --security-opt no-new-privileges',
    capability: (name) => `docker run --cap-add ${name} …`,
    device: (path) => `docker run --device ${path} …`,
    limits: 'docker run --memory 4g --pids-limit 500 …',
  },
  podman: {
    administer: `podman run --cap-add SYS_ADMIN --security-opt label=disable --security-opt apparmor=unconfined -v lamella:/root/.cache/lamella … ${VOLUME}`,
    userNamespaces:
      'podman run --security-opt seccomp=unconfined --security-opt unmask=ALL --security-opt label=disable --security-opt apparmor=unconfined …, with a volume for the cache folder',
    unfiltered: 'podman run --cap-add SYS_ADMIN --security-opt seccomp=unconfined --security-opt label=disable …',
    newPrivileges: 'podman run … without --security-opt no-new-privileges',
    capability: (name) => `podman run --cap-add ${name} …`,
    device: (path) => `podman run --device ${path} …`,
    limits: 'podman run --memory 4g --pids-limit 500 …',
  },
  buildah: {
    administer: `buildah run --cap-add CAP_SYS_ADMIN -v DIR:/root/.cache/lamella … ${VOLUME}`,
    userNamespaces: 'build as root: buildah run --user root --cap-add CAP_SYS_ADMIN …',
    unfiltered: 'buildah from --security-opt seccomp=unconfined …, then buildah run --cap-add CAP_SYS_ADMIN …',
    newPrivileges: 'buildah from … without --security-opt no-new-privileges',
    capability: (name) => `buildah run --cap-add CAP_${name} …`,
    device: (path) => `buildah from --device ${path} …`,
    limits: 'buildah from --memory 4g …',
  },
  kubernetes: {
    administer: `in the pod: hostUsers: false, and in the container securityContext.capabilities.add: [SYS_ADMIN] and appArmorProfile.type: Unconfined, ${CACHE_FOLDER}; without hostUsers: false the same gives rights over the node`,
    userNamespaces: `in the pod: hostUsers: false, and in the container securityContext.seccompProfile.type: Unconfined and procMount: Unmasked, ${CACHE_FOLDER}`,
    unfiltered: 'in the container: securityContext.seccompProfile.type: Unconfined',
    newPrivileges: 'in the container: securityContext.allowPrivilegeEscalation: true',
    capability: (name) => `in the container: securityContext.capabilities.add: [${name}]`,
    device: (path) => `in the pod: ${path} of the node, by a device plugin`,
    limits: 'in the container: resources.limits.memory: 4Gi',
  },
  github: {
    administer: `${JOB} --cap-add SYS_ADMIN --security-opt apparmor=unconfined`,
    userNamespaces: `${JOB} --security-opt seccomp=unconfined --security-opt systempaths=unconfined --security-opt apparmor=unconfined`,
    unfiltered: `${JOB} --cap-add SYS_ADMIN --security-opt seccomp=unconfined --security-opt apparmor=unconfined`,
    newPrivileges: `${JOB} without --security-opt no-new-privileges`,
    capability: (name) => `${JOB} --cap-add ${name}`,
    device: (path) => `${JOB} --device ${path}`,
    limits: `${JOB} --memory 4g --pids-limit 500`,
  },
  gitlab: {
    administer: GITLAB_ROOT,
    userNamespaces: GITLAB_ROOT,
    unfiltered: `${CONFIG} [runners.docker]: security_opt = ["seccomp=unconfined", "apparmor=unconfined"]`,
    newPrivileges: `${CONFIG} [runners.docker]: security_opt without no-new-privileges`,
    capability: (name) => `${CONFIG} [runners.docker]: cap_add = ["${name}"]`,
    device: (path) => `${CONFIG} [runners.docker]: devices = ["${path}"]`,
    limits: `${CONFIG} [runners.docker]: memory = "4g"`,
  },
  'gitlab-kubernetes': {
    administer: GITLAB_POD_ROOT,
    userNamespaces: GITLAB_POD_ROOT,
    unfiltered: `${CONFIG} [runners.kubernetes]: privileged = true, which gives rights over the node`,
    newPrivileges: `${CONFIG} [runners.kubernetes]: allow_privilege_escalation = true`,
    capability: (name) => `${CONFIG} ${POD_GROUP}: add = ["${name}"]`,
    device: (path) => `in the pod: ${path} of the node, by a device plugin`,
    limits: `${CONFIG} [runners.kubernetes]: memory_limit = "4Gi"`,
  },
  other: {
    administer: 'start the container with CAP_SYS_ADMIN and without an AppArmor profile',
    userNamespaces: 'start the container without a seccomp filter and with an unmasked /proc',
    unfiltered: 'start the container without a seccomp filter',
    newPrivileges: 'start the container without no_new_privs',
    capability: (name) => `start the container with CAP_${name}`,
    device: (path) => `start the container with ${path}`,
    limits: 'start the container with limits, or with control groups that may be written',
  },
};

/** How the container around gives more, in the words of whoever starts it. */
export function containerRemedies(machine: Pick<Machine, 'container' | 'runner'>): Remedies {
  return REMEDIES[placeOf(machine)];
}

/** Who works in a container of a CI job changes the job's settings, not a command. */
function placeOf({ container = 'other', runner }: Pick<Machine, 'container' | 'runner'>): Place {
  if (runner === 'gitlab') return container === 'kubernetes' ? 'gitlab-kubernetes' : 'gitlab';
  return runner === 'github' && container === 'docker' ? 'github' : container;
}
