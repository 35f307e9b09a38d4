import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { requireDirectory } from '../context/context-error.ts';
import { parsePlatform } from '../core/platform.ts';
import { FIXED_TIME } from '../core/time.ts';
import { environment, hostArchitecture } from '../io/host.ts';
import { loadNpmTree } from '../npm/load-tree.ts';
import type { OmitType } from '../npm/npm-tree.ts';
import { parseNpmrc } from '../npm/npmrc.ts';
import { readProjectFiles } from '../npm/project-files.ts';
import { toInstallSettings } from '../npm/settings.ts';
import { toNpmTarget } from '../npm/target.ts';
import { readProjectText } from './project/project-text.ts';

export interface SbomOptions {
  /** Folder of the project. Default `'.'`. */
  readonly context?: string;
  /** `cyclonedx` (default): CycloneDX 1.6 JSON; `spdx`: SPDX 2.3 JSON. */
  readonly format?: 'cyclonedx' | 'spdx';
  /** Such as `linux/arm64`: which optional packages count. Default: linux on this machine's architecture. */
  readonly platform?: string;
  /** C library of the target. Default `glibc`. */
  readonly libc?: 'glibc' | 'musl';
  /** Kinds of dependencies that are left out. Default: none. */
  readonly omit?: readonly OmitType[];
  /** Names or folders of workspaces: only what they need counts. */
  readonly workspaces?: readonly string[];
  /** Version of the tool that the document names. */
  readonly toolVersion?: string;
}

/**
 * The bill of materials of what a lockfile installs, straight from the tree, with the digests of its tarballs. Nothing is
 * fetched, and the same lockfile gives the same document; `SOURCE_DATE_EPOCH` sets its time.
 * @throws StepError with a code that begins with `STEP_NPM_`; ContextError `CONTEXT_NOT_FOUND`, `CONTEXT_UNREADABLE`
 */
export async function sbom(options: SbomOptions = {}): Promise<object> {
  const folder = resolve(options.context ?? '.');
  requireDirectory(folder);
  const files = await readProjectFiles(async (path) => readProjectText(folder, path), folder);
  const settings = toInstallSettings([parseNpmrc(files.npmrc, environment)], false);
  const platform = parsePlatform(options.platform ?? `linux/${hostArchitecture()}`);
  const tree = await loadNpmTree(files, {
    ...settings,
    target: toNpmTarget(platform, options.libc ?? 'glibc'),
    engines: {},
    omit: new Set(options.omit ?? []),
    workspaces: options.workspaces ?? [],
    scratch: join(tmpdir(), `lamella-${randomUUID()}`),
  });
  const seconds = Number(environment('SOURCE_DATE_EPOCH') || FIXED_TIME);
  const created = new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
  const about = { toolVersion: options.toolVersion ?? '0.0.0', created };
  // Only here: no build needs what they import.
  if (options.format === 'spdx') return (await import('../npm/sbom/spdx.ts')).toSpdx(tree, about);
  return (await import('../npm/sbom/cyclonedx.ts')).toCycloneDx(tree, about);
}
