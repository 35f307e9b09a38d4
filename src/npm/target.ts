import type { Platform } from '../core/platform.ts';
import type { Tree } from '../core/tree.ts';

/** What a package may be made for, in the words of package.json (those of Node). */
export interface NpmTarget {
  readonly os: string;
  readonly cpu: string;
  /** Absent where there is no such thing, or it is not known. */
  readonly libc?: 'glibc' | 'musl';
}

/** What a package says of where it runs; each a value or a list, `!` excludes. */
export interface PlatformClaims {
  readonly os?: unknown;
  readonly cpu?: unknown;
  readonly libc?: unknown;
}

const CPUS: Readonly<Record<string, string>> = {
  amd64: 'x64',
  '386': 'ia32',
  ppc64le: 'ppc64',
  mipsle: 'mipsel',
};

const SYSTEMS: Readonly<Record<string, string>> = { windows: 'win32', solaris: 'sunos' };

export function toNpmTarget({ os, architecture }: Platform, libc: NpmTarget['libc']): NpmTarget {
  return {
    os: SYSTEMS[os] ?? os,
    cpu: CPUS[architecture] ?? architecture,
    ...(os === 'linux' && libc !== undefined && { libc }),
  };
}

/**
 * The C library of a root file system, by its program loader. Where there is none at all, as in an image from scratch,
 * glibc is assumed: what brings Node there later brings that far more often.
 */
export function libcOf(tree: Tree): 'glibc' | 'musl' {
  const folders = ['lib', 'usr/lib'];
  return folders.some((folder) => tree.list(folder).some((name) => name.startsWith('ld-musl-'))) ? 'musl' : 'glibc';
}

/** Whether a package may be installed for a target, as npm decides it. */
export function runsOn(claims: PlatformClaims, target: NpmTarget): boolean {
  return (
    accepts(claims.os, target.os) &&
    accepts(claims.cpu, target.cpu) &&
    (!claims.libc || (target.libc !== undefined && accepts(claims.libc, target.libc)))
  );
}

/** None of the excluded values, and one of the others if there are any. */
function accepts(claim: unknown, value: string): boolean {
  if (!claim) return true;
  const values = (Array.isArray(claim) ? claim : [claim]).map(String);
  if (values.length === 1 && values[0] === 'any') return true;
  if (values.includes(`!${value}`)) return false;
  return values.includes(value) || values.every((one) => one.startsWith('!'));
}
