import { createHash } from 'node:crypto';
import ssri from 'ssri';
import type { NpmPackage, NpmTree } from '../npm-tree.ts';

/** A bill of materials names who wrote it, and when; both come from outside, so that the same tree gives the same text. */
export interface SbomOptions {
  readonly toolVersion: string;
  /** RFC 3339, whole seconds, UTC. */
  readonly created: string;
}

/** Package URL (purl-spec, type npm); one from git says from where. */
export function packageUrl(candidate: Pick<NpmPackage, 'name' | 'version' | 'source'>): string {
  const { name, version } = candidate;
  const path = name.split('/').map(encodeURIComponent).join('/');
  const repository = repositoryOf(candidate);
  const qualifiers = repository === undefined ? '' : `?vcs_url=${encodeURIComponent(repository)}`;
  return `pkg:npm/${path}@${encodeURIComponent(version)}${qualifiers}`;
}

/** What is installed and comes from outside: links lead to folders of the project itself. */
export function componentsOf({ packages }: NpmTree): NpmPackage[] {
  const found = packages.filter(({ source }) => source.kind !== 'link');
  return found.sort((a, b) => (a.location < b.location ? -1 : 1));
}

/** Digests of the tarball by the algorithm's name in lower case, in hexadecimal. */
export function hashesOf({ source }: NpmPackage): (readonly [algorithm: string, hex: string])[] {
  const integrity = source.kind === 'tarball' ? ssri.parse(source.integrity) : null;
  if (integrity === null) return [];
  return ['sha1', 'sha256', 'sha384', 'sha512'].flatMap((algorithm) =>
    (integrity[algorithm] ?? []).map(
      ({ digest }) => [algorithm, Buffer.from(digest, 'base64').toString('hex')] as const,
    ),
  );
}

/** Where the tarball came from; only of addresses, without user or query. */
export function downloadOf({ source }: NpmPackage): string | undefined {
  if (source.kind !== 'tarball' || !/^https?:/.test(source.resolved ?? '')) return undefined;
  const { origin, pathname } = new URL(source.resolved ?? '');
  return `${origin}${pathname}`;
}

/**
 * The repository and the commit of a package from git, as SPDX 2.3 (7.7) and package URLs write it: without a password, and
 * without whoever logs in by http.
 */
export function repositoryOf({ source }: Pick<NpmPackage, 'source'>): string | undefined {
  if (source.kind !== 'git') return undefined;
  const [, scheme, user, place, commit] =
    /^(?:git\+)?(https?|ssh|git):\/\/(?:([^/@:]*)(?::[^/@]*)?@)?([^#]+)#(.+)$/.exec(source.resolved) ?? [];
  if (place === undefined) return undefined;
  const login = scheme === 'ssh' && user !== undefined ? `${user}@` : '';
  return `${scheme === 'git' ? '' : 'git+'}${scheme}://${login}${place}@${commit}`;
}

const ID = String.raw`[A-Za-z0-9][A-Za-z0-9.\-]*\+?`;
const EXPRESSION = new RegExp(`^\\(*${ID}\\)*(?: (?:AND|OR|WITH) \\(*${ID}\\)*)*$`);

/** The licence as an SPDX expression; `undefined` for free text such as `SEE LICENSE IN FILE`. */
export function licenseExpression(license: string | undefined): string | undefined {
  return license !== undefined && license !== 'UNLICENSED' && EXPRESSION.test(license) ? license : undefined;
}

/** The same for the same tree, different for every other one (RFC 9562, version 8). */
export function treeUuid(tree: NpmTree): string {
  const hash = createHash('sha256').update(
    JSON.stringify([tree.name, tree.version, tree.packages.map(({ location, source }) => [location, source])]),
  );
  const hex = hash.digest('hex');
  const variant = ((Number.parseInt(hex[16] ?? '0', 16) & 3) | 8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}
