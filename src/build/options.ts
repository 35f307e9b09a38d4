import type { Compression } from '../core/media-types.ts';
import type {
  DefaultNetwork,
  IsolationMethod,
  NetworkMode,
  ResourceBounds,
  ResourceLimit,
  SnapshotterName,
} from '../core/sandbox.ts';
import type { Annotation } from './annotations.ts';
import type { BuildEvent } from './events.ts';
import type { FailureListener } from './failed/failure-listener.ts';

/** Where the image goes; each kind is made by a function of the same name. Several platforms go there as one index. */
export type Output =
  /** One tar file holding an OCI layout and docker's `manifest.json` over the same blobs. */
  | { readonly type: 'oci'; readonly destination: string }
  /** An OCI layout directory. */
  | { readonly type: 'oci-layout'; readonly destination: string }
  /** One tar file as `docker save` writes it; of several platforms this machine's. */
  | { readonly type: 'docker'; readonly destination: string }
  /** Pushes every tag to its registry; `byDigest`: without naming it there. */
  | { readonly type: 'registry'; readonly byDigest?: boolean }
  /** The root file system in a folder, owned by the user; of several platforms each in a folder of its own. */
  | { readonly type: 'local'; readonly destination: string }
  /** The root file system as one tar file, owners kept; for one platform. */
  | { readonly type: 'tar'; readonly destination: string }
  /** Loads every tag into the engine of this machine: Docker's where it runs, else podman; of several platforms this machine's. */
  | { readonly type: 'engine' }
  /** Loads every tag into that engine of this machine; of several platforms this machine's. */
  | { readonly type: 'docker-daemon' | 'podman' | 'containerd' };

/** A secret for `RUN --mount=type=secret`. Exactly one of the three values. */
export interface Secret {
  readonly id: string;
  readonly file?: string;
  readonly env?: string;
  readonly value?: string | Uint8Array;
}

/**
 * What `RUN --mount=type=ssh`, and git over ssh for the id `default`, may sign with: the agent of `$SSH_AUTH_SOCK`, or
 * that of the socket `paths` names, or private keys in files without passphrase, which are held in memory only.
 */
export interface SshAccess {
  readonly id: string;
  readonly paths?: readonly string[];
}

export interface RegistryOptions {
  /** `host[:port]` of registries spoken to over plain HTTP. localhost and 127.0.0.0/8 always are. */
  readonly insecure?: readonly string[];
  /** By registry; wins over every file. */
  readonly credentials?: Readonly<Record<string, { readonly username: string; readonly password: string }>>;
  /**
   * Path of a docker `config.json`. Default: `$REGISTRY_AUTH_FILE`, else `$DOCKER_CONFIG/config.json` or
   * `~/.docker/config.json`, and after that podman's `containers/auth.json`.
   */
  readonly configFile?: string;
  /** By registry: `host[:port][/prefix]` of mirrors, which are asked first when something is read. `''` is Docker Hub. */
  readonly mirrors?: Readonly<Record<string, readonly string[]>>;
  /** A PEM file with certificate authorities that are trusted besides Node's. */
  readonly caFile?: string;
  /**
   * Folders with a folder `host[:port]` for each registry that holds `*.crt` (authorities to trust), `*.cert` and `*.key`
   * (client certificate). Default: `certs.d` of `~/.config/containers`, `/etc/containers` and `/etc/docker`.
   */
  readonly certificateDirs?: readonly string[];
}

/** How `npm ci` and `npm install` of a RUN are carried out. */
export interface NpmOptions {
  /**
   * `native`: the packages of the lockfile become layers without running npm, wherever that makes the same; elsewhere the
   * command runs, and says why. `suggest` (default): the command runs, and says when it need not. `off`: it just runs.
   */
  readonly mode?: 'native' | 'suggest' | 'off';
  /** Layers of one installation, at most. Default 3: by how often they change. */
  readonly layers?: number;
  /**
   * What happens where packages have install scripts that `allowScripts` of package.json does not decide, or come from git and
   * have to be prepared. `container` (default of a Dockerfile): the command runs as it stands. `refuse` (default without a
   * Dockerfile): an error that names them. `ignore`: native, and no script runs. `sandbox`: native, then the scripts run with
   * the npm of the image, which also installs everything where something from git has to be prepared.
   */
  readonly scripts?: 'container' | 'refuse' | 'ignore' | 'sandbox';
}

/** Where machines share what steps made; see docs/cache.md for what it means to trust one. */
export type SharedCacheSource =
  /** A repository of any registry; an image of it that carries an inline cache is read, too. */
  | { readonly type: 'registry'; readonly ref: string }
  /** A directory. */
  | { readonly type: 'local'; readonly path: string };

export type SharedCacheTarget = (SharedCacheSource | { readonly type: 'inline' }) & {
  /** `min` (default): the steps whose layers the image has; `max`: all steps. */
  readonly mode?: 'min' | 'max';
  /** Whether a failure to write is a warning only. Default true. */
  readonly ignoreError?: boolean;
};

/** Options of {@link build}. Paths are relative to the working directory of the process. */
export interface BuildOptions {
  /**
   * The build context: a directory, the address of a git repository (`https://….git`, `ssh://`, `git://`, `user@host:path`;
   * `#REF:DIR` may follow), the http(s) address of a tar archive, or the bytes of one. Archives may be compressed with gzip,
   * bzip2, xz or zstd; what is no archive is the Dockerfile itself, of a context without files (reference, section 18).
   * Default `'.'`.
   */
  readonly context?: string | AsyncIterable<Uint8Array>;
  /**
   * The Dockerfile: a path on this machine, but inside of the context when that is no directory; or an http(s) address.
   * Default `Dockerfile`, then `dockerfile`, in the context.
   */
  readonly dockerfile?: string;
  /** The Dockerfile itself, instead of `dockerfile`. */
  readonly dockerfileText?: string;
  /** Reads the file as a Dockerfile whatever frontend its `# syntax=` line names. Default false. */
  readonly ignoreSyntax?: boolean;
  /** Name of the stage to build. Default: the last one. */
  readonly target?: string;
  /** Values for `ARG`, by name. */
  readonly buildArgs?: Readonly<Record<string, string>>;
  /** Names for the image; each is also a name in the local store. */
  readonly tags?: readonly string[];
  /** Default: none, the image stays in the local store. */
  readonly outputs?: readonly Output[];
  /**
   * What else FROM, `COPY --from` and mounts can name: `oci-layout://DIR[:tag|@digest]`, `docker-image://REF`, `target:STAGE`, a directory,
   * or an address as `context` takes it. A name that ends in `::os/architecture` counts for that platform only.
   */
  readonly buildContexts?: Readonly<Record<string, string>>;
  /** For `RUN --mount=type=secret`. Never part of a key or a layer. */
  readonly secrets?: readonly Secret[];
  /** For `RUN --mount=type=ssh`. Default: none. */
  readonly ssh?: readonly SshAccess[];
  /** Set over the labels of the Dockerfile. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Target platform such as `linux/arm64`. Default: the host's architecture on linux. */
  readonly platform?: string;
  /** Several target platforms: builds an image for each, and an index of them. Instead of `platform`. */
  readonly platforms?: readonly string[];
  /** OCI annotations of manifests, indexes and their descriptors. */
  readonly annotations?: readonly Annotation[];
  /** One layer in place of all that the build lays over the base image. Default false. */
  readonly squash?: boolean;
  /** Reads no cache record; writes them. Default false. */
  readonly noCache?: boolean;
  /** Names of stages (`stage-N` where there is none) to which {@link noCache} applies. */
  readonly noCacheFilter?: readonly string[];
  /**
   * When the registry is asked for a base image. `newer` (default): one question per tag and build, but for names of the
   * local store; what was pulled is used, with a warning, when there is no answer. `always`: for names of the store too,
   * and no answer is an error. `missing`: only for what was never pulled. `never`: not at all.
   */
  readonly pull?: 'always' | 'newer' | 'missing' | 'never';
  /** Shared caches that are asked for what is not in the cache folder, in this order. */
  readonly cacheFrom?: readonly SharedCacheSource[];
  /** Shared caches that get what this build made or found; `inline` is the configuration of the image. */
  readonly cacheTo?: readonly SharedCacheTarget[];
  /** Default: `$XDG_CACHE_HOME/lamella`, else `~/.cache/lamella`. */
  readonly cacheDir?: string;
  /**
   * Bytes that the cache folder may take. After a build that made something, what was used longest ago is taken away;
   * never what images of the local store need, or other builds use. Default: a tenth of the disk, but 10 GB at least.
   */
  readonly cacheMaxSize?: number;
  readonly registry?: RegistryOptions;
  /** Nobody is asked for anything, no registry and no address: what is not here is an error. Default false. */
  readonly offline?: boolean;
  /** How commands of RUN are isolated. Default `auto`: the best that works here. */
  readonly isolation?: 'auto' | IsolationMethod;
  /**
   * How the root file systems of RUN are made. Default `auto`: the kernel's overlayfs, else fuse-overlayfs, else copies.
   * All give the same layers.
   */
  readonly snapshotter?: 'auto' | SnapshotterName;
  /** `fixed` (default): one constant for every entry of a layer; `preserve`: file times kept, the clock in `created`. */
  readonly timestamps?: 'fixed' | 'preserve';
  /** Seconds since 1970 for `created`. Default: `SOURCE_DATE_EPOCH` of build args, else of the environment. */
  readonly sourceDateEpoch?: number;
  /** Layer compression. Default `gzip`. */
  readonly compression?: Compression;
  /** 1 to 9 for gzip, 1 to 19 for zstd. Default 6 and 3. */
  readonly compressionLevel?: number;
  /** Compresses the base image's layers alike; else they stay as they came. Default false. */
  readonly forceCompression?: boolean;
  /** Network of RUN where the instruction has no `--network`. Default `default`. */
  readonly network?: NetworkMode;
  /**
   * What the network `default` is. `host` (default): that of this machine. `isolated`: one of the command's own, from which
   * slirp4netns or pasta leads to the world, but not to the loopback of this machine. No part of a cache key.
   */
  readonly networkMode?: DefaultNetwork;
  /** Milliseconds that one command of RUN may take before it is killed. Default: as long as it takes. */
  readonly stepTimeoutMs?: number;
  /**
   * What happens when a command of RUN fails. `fail` (default): the build ends. `keep`: its root is kept as the command left
   * it, for `enterKeptRun` and `lamella shell`. A function may look at that root before the build ends.
   */
  readonly onError?: 'fail' | 'keep' | FailureListener;
  /** Bytes of /dev/shm for RUN. Default 64 MiB. */
  readonly shmSizeBytes?: number;
  /** Uncompressed bytes that a layer of a base image or an archive of ADD may have. Default 64 GiB. */
  readonly maxLayerBytes?: number;
  /** Entries that it may have. Default 5,000,000. */
  readonly maxLayerEntries?: number;
  /** Lines of `/etc/hosts` for RUN. */
  readonly addHosts?: readonly { readonly name: string; readonly address: string }[];
  /** Whether setuid programs such as sudo give no rights in RUN (no_new_privs). Default false. */
  readonly noNewPrivileges?: boolean;
  /** Limits of each process of RUN, by their names in setrlimit(2); `-1` is none. Default: those of this process. */
  readonly ulimits?: readonly ResourceLimit[];
  /**
   * What each command of RUN may take together with all that it starts. By control groups where this process may make
   * some; else, with a warning, `memoryBytes` and `pids` are limits of each process, and the rest has no effect. No part of
   * a cache key. Default: no bounds.
   */
  readonly bounds?: ResourceBounds;
  /** Entitlements: `network.host`, `security.insecure`. Default: none. */
  readonly allow?: readonly ('network.host' | 'security.insecure')[];
  /** Of a project without a Dockerfile: name or folder of the workspace that is built, with what it needs. */
  readonly workspace?: string;
  /** Native layers for `npm ci`. */
  readonly npm?: NpmOptions;
  /** Steps that run at the same time. Default: number of cores. */
  readonly maxParallelism?: number;
  /** The clock. Only `timestamps: 'preserve'` reads it. */
  readonly now?: () => Date;
  /** Ends the build; its reason is thrown when everything has come to rest. */
  readonly signal?: AbortSignal;
  /** Called with every event, in order, while the build runs. What it throws ends the build. */
  readonly onEvent?: (event: BuildEvent) => void;
}
