import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { normalizeBins } from '../../src/npm/bins.ts';

/** A file of a made package: its content, or with its mode. */
export type MadeFile = string | { readonly content: string; readonly mode: number };

export interface MadePackage {
  readonly name: string;
  readonly version: string;
  /** What stands in its package.json besides name and version. */
  readonly manifest?: Readonly<Record<string, unknown>>;
  readonly files?: Readonly<Record<string, MadeFile>>;
}

export interface Tarball extends MadePackage {
  readonly bytes: Buffer;
  readonly integrity: string;
}

/** A package as npm publishes it; the same bytes each time. */
export async function makeTarball(made: MadePackage): Promise<Tarball> {
  const { name, version, manifest = {}, files = {} } = made;
  const packageJson = JSON.stringify({ name, version, ...manifest });
  const archive = pack();
  for (const [path, file] of Object.entries({ 'package.json': packageJson, ...files })) {
    const { content, mode } = typeof file === 'string' ? { content: file, mode: 0o644 } : file;
    archive.entry({ name: `package/${path}`, mode, mtime: new Date(0) }, content);
  }
  archive.finalize();
  const bytes = gzipSync(Buffer.concat(await Array.fromAsync(archive as AsyncIterable<Buffer>)));
  return { ...made, bytes, integrity: `sha512-${createHash('sha512').update(bytes).digest('base64')}` };
}

/** Puts a tarball where npm's cache has it. */
export function putIntoNpmCache(cache: string, { bytes }: Tarball): void {
  const hex = createHash('sha512').update(bytes).digest('hex');
  const path = join(cache, '_cacache', 'content-v2', 'sha512', hex.slice(0, 2), hex.slice(2, 4), hex.slice(4));
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
}

/** An entry of a lockfile for a package that is installed under `node_modules`. */
export function lockEntry(tarball: Tarball, more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const { name, version, integrity, manifest = {} } = tarball;
  const { scripts, ...kept } = manifest;
  return {
    version,
    resolved: `http://packages.invalid/${name}/-/${name.split('/').at(-1)}-${version}.tgz`,
    integrity,
    ...(scripts !== undefined && { hasInstallScript: true }),
    ...kept,
    ...(kept.bin !== undefined && { bin: Object.fromEntries(normalizeBins({ name, bin: kept.bin })) }),
    ...more,
  };
}

/** The two files of a project, its lockfile's root filled in from its package.json. */
export function projectTexts(
  packageJson: Readonly<Record<string, unknown>>,
  packages: Readonly<Record<string, unknown>>,
): { readonly 'package.json': string; readonly 'package-lock.json': string } {
  const { name = 'app', version = '1.0.0' } = packageJson;
  const manifest = { name, version, ...packageJson };
  const lock = { name, version, lockfileVersion: 3, requires: true, packages: { '': manifest, ...packages } };
  return { 'package.json': JSON.stringify(manifest), 'package-lock.json': JSON.stringify(lock) };
}

/** Entries of a lockfile for the workspaces `@team/api`, `@team/lib` and `web` in `packages`. */
export const TEAM_LINKS = {
  'node_modules/@team/api': { resolved: 'packages/api', link: true },
  'node_modules/@team/lib': { resolved: 'packages/lib', link: true },
  'node_modules/web': { resolved: 'packages/web', link: true },
} as const;
