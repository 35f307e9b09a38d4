/** A package of a lockfile that is to be installed, or a link to a folder of the project. */
export interface NpmPackage {
  /** Path below the project, such as `node_modules/a/node_modules/b`. */
  readonly location: string;
  /** As the package calls itself: not the alias under which it is installed. */
  readonly name: string;
  readonly version: string;
  readonly source: PackageSource;
  /** Programs by name, each a clean path below the package. */
  readonly bins: ReadonlyMap<string, string>;
  /** Whether its manifest has scripts that npm runs after unpacking. Those of bundled packages never run. */
  readonly hasInstallScript: boolean;
  /** What `allowScripts` of the project says of them; absent where it says nothing. */
  readonly mayRunScripts?: boolean;
  /** Whether the project or one of its workspaces asks for it itself. */
  readonly isDirect: boolean;
  readonly isDev: boolean;
  readonly isOptional: boolean;
  readonly license?: string;
  /** Locations of the packages that it depends on, sorted. */
  readonly dependencies: readonly string[];
}

export type PackageSource =
  /** `resolved` is an address or a `file:` path below the project; absent where the lockfile leaves it out. */
  | { readonly kind: 'tarball'; readonly integrity: string; readonly resolved?: string }
  /** A commit, whose files npm packs itself; `resolved` is an address that ends with its name. */
  | { readonly kind: 'git'; readonly resolved: string }
  /** Comes in the tarball of the package at `bundler`. */
  | { readonly kind: 'bundled'; readonly bundler: string }
  /** `target` is a folder of the project, seen from its root. */
  | { readonly kind: 'link'; readonly target: string };

export type TarballPackage = NpmPackage & { readonly source: { readonly kind: 'tarball' } };
export type GitPackage = NpmPackage & { readonly source: { readonly kind: 'git' } };
/** A package with files of its own, which come from outside. */
export type FetchedPackage = TarballPackage | GitPackage;

/** What an installation makes, as data. */
export interface NpmTree {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  /** Sorted by location, which is the order in which npm lets them claim names of programs: by depth, then by path. */
  readonly packages: readonly NpmPackage[];
  /** Locations of the packages that the project itself depends on, sorted. */
  readonly dependencies: readonly string[];
  /** Whether everything that the lockfile names is installed. */
  readonly isWhole: boolean;
  /** Text of `node_modules/.package-lock.json`. */
  readonly hiddenLockfile: string;
}

export function isFetched(candidate: NpmPackage): candidate is FetchedPackage {
  return candidate.source.kind === 'tarball' || isGit(candidate);
}

export function isGit(candidate: NpmPackage): candidate is GitPackage {
  return candidate.source.kind === 'git';
}

/** Kinds of dependencies that can be left out. */
export type OmitType = 'dev' | 'optional' | 'peer';
