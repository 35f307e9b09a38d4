import {
  CACHE_DIR_OPTION,
  DEBUG_OPTION,
  FULL,
  HELP_OPTION,
  type OptionRow,
  REGISTRY_OPTIONS,
  type Support,
} from './option-row.ts';

function noEffect(why: string): Support {
  return { kind: 'no-effect', why };
}

function refused(instead: string, except?: readonly string[]): Support {
  return { kind: 'refused', instead, ...(except !== undefined && { except }) };
}

const NO_LIMITS = noEffect('lamella sets no limits; commands of RUN have those of the calling process');
const NO_CONTAINERS = noEffect('lamella leaves no containers behind');
const NO_SERVER = refused('the build runs in this process, there is no server to configure: leave the option out');
const NO_DEBUGGER = refused('lamella has no step debugger: --debug shows stack traces, and the error the last output');
const NO_ATTESTATIONS =
  'lamella writes no attestations yet: leave it out, or attach them to the pushed digest with a tool of your choice';

const SUPPORTED: readonly OptionRow[] = [
  {
    name: 'file',
    short: 'f',
    value: 'FILE',
    help: 'The Dockerfile, a path or an address; - reads it from standard input',
    fallback: 'CONTEXT/Dockerfile',
    support: FULL,
  },
  { name: 'tag', short: 't', value: 'NAME', repeatable: true, help: 'Name of the image, as name[:tag]', support: FULL },
  { name: 'ignore-syntax', help: 'Read the file as a Dockerfile whatever its `# syntax=` line names', support: FULL },
  { name: 'target', value: 'STAGE', help: 'Stage to build', fallback: 'the last one', support: FULL },
  {
    name: 'build-arg',
    value: 'K[=V]',
    repeatable: true,
    help: 'Value for an ARG; a name alone takes it from the environment',
    support: FULL,
  },
  {
    name: 'build-context',
    value: 'NAME=SRC',
    repeatable: true,
    help: 'More sources for FROM and COPY --from: a directory, oci-layout://DIR[:tag], docker-image://REF, a git or tar address',
    support: FULL,
  },
  {
    name: 'secret',
    value: 'SPEC',
    repeatable: true,
    help: 'Secret for RUN --mount=type=secret: id=ID,src=FILE or id=ID,env=NAME',
    support: FULL,
  },
  {
    name: 'ssh',
    value: 'SPEC',
    repeatable: true,
    help: 'Agent or keys for RUN --mount=type=ssh and git over ssh: default, or ID[=SOCKET|KEY,…]',
    support: FULL,
  },
  { name: 'label', value: 'K=V', repeatable: true, help: 'Label of the image', support: FULL },
  {
    name: 'platform',
    value: 'OS/ARCH[,…]',
    repeatable: true,
    help: 'Target platform; several make an index of images',
    fallback: 'linux on the architecture of this machine',
    support: FULL,
  },
  {
    name: 'output',
    short: 'o',
    value: 'SPEC',
    repeatable: true,
    help: 'Where the image goes: type=oci|oci-layout|docker|local|tar,dest=PATH or type=registry|docker-daemon|podman|containerd',
    fallback: 'the local store',
    support: FULL,
  },
  { name: 'push', help: 'Push every tag; short for -o type=registry', support: FULL },
  { name: 'push-by-digest', help: 'Push to the repository of each tag without naming it there', support: FULL },
  { name: 'load', help: 'Load every tag into docker; short for -o type=docker-daemon', support: FULL },
  {
    name: 'annotation',
    value: '[LEVEL:]K=V',
    repeatable: true,
    help: 'OCI annotation; LEVEL is manifest, index, manifest-descriptor or index-descriptor, perhaps with [OS/ARCH]',
    fallback: 'manifest',
    support: FULL,
  },
  { name: 'squash', help: 'One layer in place of all that is laid over the base image', support: FULL },
  { name: 'check', help: 'Check the Dockerfile instead of building, as `lamella check`', support: FULL },
  {
    name: 'call',
    value: 'METHOD',
    choices: ['build', 'check', 'outline'],
    help: 'What to do with the Dockerfile',
    fallback: 'build',
    support: FULL,
  },
  {
    name: 'check-reproducible',
    help: 'Build twice, the second time without the cache, and fail where the images differ first',
    support: FULL,
  },
  { name: 'no-cache', help: 'Carry out every step, whatever the cache knows', support: FULL },
  {
    name: 'no-cache-filter',
    value: 'STAGE',
    repeatable: true,
    help: 'Carry out every step of a stage, whatever the cache knows',
    support: FULL,
  },
  {
    name: 'max-parallelism',
    value: 'N',
    help: 'Steps that are carried out at the same time',
    fallback: 'the number of cores',
    support: FULL,
  },
  {
    name: 'pull',
    value: 'WHEN',
    bare: 'always',
    choices: ['always', 'newer', 'missing', 'never', 'true', 'false'],
    help: 'When to ask the registry for a base image',
    fallback: 'newer',
    support: FULL,
  },
  {
    name: 'network',
    value: 'MODE',
    choices: ['default', 'none', 'host'],
    help: 'Network of RUN; host needs --allow network.host',
    fallback: 'default',
    support: FULL,
  },
  { name: 'shm-size', value: 'SIZE', help: 'Size of /dev/shm of RUN, such as 128m', fallback: '64m', support: FULL },
  { name: 'add-host', value: 'NAME:IP', repeatable: true, help: 'Extra line in /etc/hosts of RUN', support: FULL },
  {
    name: 'allow',
    value: 'RIGHT',
    repeatable: true,
    help: 'Right that RUN may ask for: network.host, security.insecure',
    support: FULL,
  },
  {
    name: 'security-opt',
    value: 'OPT',
    repeatable: true,
    choices: ['no-new-privileges'],
    help: 'Take its effect from setuid programs such as sudo in RUN',
    support: FULL,
  },
  {
    name: 'ulimit',
    value: 'NAME=SOFT[:HARD]',
    repeatable: true,
    help: 'Limit of each process of RUN, such as nofile, nproc or as; -1 is none',
    support: FULL,
  },
  {
    name: 'isolation',
    value: 'METHOD',
    choices: ['auto', 'crun', 'runc', 'unshare', 'bwrap', 'chroot'],
    help: 'How RUN is isolated',
    fallback: 'auto, the best that works here',
    support: FULL,
  },
  {
    name: 'snapshotter',
    value: 'NAME',
    choices: ['auto', 'overlay', 'fuse-overlayfs', 'copy'],
    help: 'How the root file systems of RUN are made; all give the same layers',
    fallback: 'auto, the best that works with the cache folder',
    support: FULL,
  },
  {
    name: 'step-timeout',
    value: 'DURATION',
    help: 'Kill a command of RUN that takes longer, such as 90s, 10m or 1h30m',
    fallback: 'no limit',
    support: FULL,
  },
  {
    name: 'workspace',
    value: 'NAME',
    help: 'Workspace to build, with what it needs, of a project without a Dockerfile',
    support: FULL,
  },
  {
    name: 'npm',
    value: 'MODE',
    choices: ['native', 'suggest', 'off'],
    help: 'How RUN npm ci and npm install are done: native makes layers of the lockfile without running npm',
    fallback: 'suggest, they run and say when they need not',
    support: FULL,
  },
  {
    name: 'npm-layers',
    value: 'N',
    help: 'Layers of one native installation, at most, divided by how often they change',
    fallback: '3',
    support: FULL,
  },
  {
    name: 'npm-scripts',
    value: 'POLICY',
    choices: ['refuse', 'ignore', 'sandbox'],
    help: 'Install scripts of a native installation: refuse leaves it to npm, ignore runs none, sandbox runs them after',
    fallback: 'refuse',
    support: FULL,
  },
  {
    name: 'max-layer-size',
    value: 'SIZE',
    help: 'Refuse a layer of a base image, or an archive of ADD, that is larger when unpacked',
    fallback: '64GiB',
    support: FULL,
  },
  {
    name: 'max-layer-entries',
    value: 'N',
    help: 'Refuse one with more entries',
    fallback: '5000000',
    support: FULL,
  },
  {
    name: 'timestamps',
    value: 'POLICY',
    choices: ['fixed', 'preserve'],
    help: 'Times in layers: one constant, or those of the files',
    fallback: 'fixed',
    support: FULL,
  },
  ...REGISTRY_OPTIONS,
  { name: 'offline', help: 'Ask no registry: use what is on this machine', support: FULL },
  {
    name: 'progress',
    value: 'STYLE',
    choices: ['auto', 'tty', 'plain', 'json', 'quiet'],
    help: 'Progress on stderr',
    fallback: 'auto, tty on a terminal, else plain',
    support: FULL,
  },
  { name: 'quiet', short: 'q', help: 'Print nothing but the digest of the image, on stdout', support: FULL },
  { name: 'iidfile', value: 'FILE', help: 'Write the digest of the image to a file', support: FULL },
  { name: 'metadata-file', value: 'FILE', help: 'Write digest, descriptor and names as JSON to a file', support: FULL },
  CACHE_DIR_OPTION,
  {
    name: 'cache-from',
    value: 'SPEC',
    repeatable: true,
    help: 'Shared cache to read: type=registry,ref=NAME or type=local,src=DIR',
    support: FULL,
  },
  {
    name: 'cache-to',
    value: 'SPEC',
    repeatable: true,
    help: 'Shared cache to write: type=registry,ref=NAME, type=local,dest=DIR or type=inline; mode=max for all stages, ignore-error=false to fail with it',
    support: FULL,
  },
  {
    name: 'cache-max-size',
    value: 'SIZE',
    help: 'What the cache folder may take, as 20GB',
    fallback: '$LAMELLA_CACHE_MAX_SIZE, else a tenth of the disk, but 10GB at least',
    support: FULL,
  },
  DEBUG_OPTION,
  HELP_OPTION,
];

const WITHOUT_EFFECT: readonly OptionRow[] = [
  { name: 'builder', value: 'NAME', help: 'Builder instance', support: noEffect('lamella has no builder instances') },
  {
    name: 'cgroup-parent',
    value: 'CGROUP',
    help: 'Parent cgroup of RUN',
    support: noEffect('commands of RUN stay in the cgroup of the calling process'),
  },
  { name: 'compress', help: 'Compress the build context', support: noEffect('the build context is not sent anywhere') },
  { name: 'cpu-period', value: 'N', help: 'CPU limit', support: NO_LIMITS },
  { name: 'cpu-quota', value: 'N', help: 'CPU limit', support: NO_LIMITS },
  { name: 'cpu-shares', short: 'c', value: 'N', help: 'CPU weight', support: NO_LIMITS },
  { name: 'cpuset-cpus', value: 'CPUS', help: 'CPUs to use', support: NO_LIMITS },
  { name: 'cpuset-mems', value: 'NODES', help: 'Memory nodes to use', support: NO_LIMITS },
  {
    name: 'disable-content-trust',
    help: 'Skip image verification',
    support: noEffect('lamella verifies digests, not signatures'),
  },
  { name: 'force-rm', help: 'Remove intermediate containers', support: NO_CONTAINERS },
  { name: 'memory', short: 'm', value: 'SIZE', help: 'Memory limit', support: NO_LIMITS },
  { name: 'memory-swap', value: 'SIZE', help: 'Swap limit', support: NO_LIMITS },
  { name: 'rm', help: 'Remove intermediate containers', support: NO_CONTAINERS },
];

const REFUSED: readonly OptionRow[] = [
  {
    name: 'attest',
    value: 'SPEC',
    repeatable: true,
    help: 'Attestations',
    support: refused(NO_ATTESTATIONS, ['type=provenance,disabled=true', 'type=sbom,disabled=true']),
  },
  {
    name: 'provenance',
    value: 'SPEC',
    help: 'Provenance',
    support: refused(`${NO_ATTESTATIONS}; --provenance=false is accepted`, ['false']),
  },
  {
    name: 'sbom',
    value: 'SPEC',
    help: 'Bill of materials',
    support: refused(`${NO_ATTESTATIONS}; --sbom=false is accepted`, ['false']),
  },
  {
    name: 'print',
    value: 'METHOD',
    help: 'Evaluate instead of building',
    support: refused('use --check, `lamella outline` or `lamella graph`'),
  },
  {
    name: 'policy',
    value: 'SPEC',
    repeatable: true,
    help: 'Build policy',
    support: refused('lamella evaluates no policies: pin sources by digest (FROM name@sha256:…, ADD --checksum)'),
  },
  {
    name: 'detach',
    help: 'Detach the build server',
    support: refused('the build runs in this process, there is no server to detach: leave the option out', ['false']),
  },
  { name: 'root', value: 'DIR', help: 'Folder of the build server', support: NO_SERVER },
  { name: 'server-config', value: 'FILE', help: 'Configuration of the build server', support: NO_SERVER },
  { name: 'invoke', value: 'SPEC', help: 'Debug the build', support: NO_DEBUGGER },
  { name: 'on', value: 'WHEN', help: 'When to debug the build', support: NO_DEBUGGER },
];

/** All options of `lamella build`: everything that `docker buildx build` has, and ours. */
export const BUILD_OPTIONS: readonly OptionRow[] = [...SUPPORTED, ...WITHOUT_EFFECT, ...REFUSED];

const DOCKERFILE_NAMES = ['file', 'ignore-syntax', 'target', 'build-arg', 'build-context', 'platform'];

/** Options of the commands that read a Dockerfile and build nothing. */
export const DOCKERFILE_OPTIONS: readonly OptionRow[] = SUPPORTED.filter(({ name }) => DOCKERFILE_NAMES.includes(name));
