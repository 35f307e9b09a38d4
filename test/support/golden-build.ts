import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type BuildOptions, build, isBuilderError, ociLayout } from '../../src/index.ts';
import type { GoldenBuild, GoldenCase, GoldenRefusal } from '../golden/builds/golden-case.ts';
import { startFileServer } from './file-server.ts';
import { createGitRepository } from './git-repository.ts';
import { TEST_REGISTRY } from './host.ts';
import { type ImagePath, type ReadImage, readImageTree } from './image-tree.ts';
import { createProject, type Project } from './project.ts';

const BASE: string = `${TEST_REGISTRY}/busybox:latest`;

/** Holds a golden case against what the library makes of it, with a cache that cases may share. */
export async function expectGoldenCase(each: GoldenCase, cacheDir: string, base?: ReadImage): Promise<void> {
  using project = createProject(each.files ?? {});
  const filled = { ...each, dockerfile: await fillPlaces(each, project) };
  for (const line of each.prepare ?? []) execFileSync('/bin/sh', ['-euc', line], { cwd: project.dir });
  if ('refused' in filled) await expectRefusal(filled, project, cacheDir);
  else await expectBuild(filled, project, { cacheDir, base });
}

/** The lines with addresses in the places of `SERVER`, `REPOSITORY` and `COMMIT`. */
async function fillPlaces({ dockerfile, served, repository }: GoldenCase, { out }: Project): Promise<string[]> {
  if (served === undefined && repository === undefined) return [...dockerfile];
  const commit = createGitRepository(join(out, 'git', 'repository.git')).commit(repository ?? {});
  const { url } = await startFileServer(
    ({ path }) => {
      const body = served?.[path.slice(1)];
      return body === undefined ? undefined : { body };
    },
    join(out, 'git'),
  );
  const places = { REPOSITORY: `${url}/git/repository.git`, SERVER: url, COMMIT: commit };
  return dockerfile.map((line) => line.replaceAll(/REPOSITORY|SERVER|COMMIT/g, (place) => places[place as 'COMMIT']));
}

/** The image that paths of cases with commands are compared with. */
export async function readGoldenBase(cacheDir: string): Promise<ReadImage> {
  using project = createProject({});
  return await buildImage(
    { covers: [], about: 'the base', dockerfile: ['FROM BUSYBOX'], paths: {} },
    project,
    cacheDir,
  );
}

async function expectBuild(
  each: GoldenBuild,
  project: Project,
  { cacheDir, base }: { readonly cacheDir: string; readonly base: ReadImage | undefined },
): Promise<void> {
  const image = await buildImage(each, project, cacheDir);
  const isBased = base !== undefined && image.config.rootfs.diff_ids[0] === base.config.rootfs.diff_ids[0];
  const paths = Object.entries(describePaths(image, isBased ? base : undefined));
  const told = paths.filter(([path]) => each.closed === undefined || !path.startsWith(`${each.closed}/`));
  expect(Object.fromEntries(told)).toEqual(each.paths);
  const { os, architecture, variant } = image.config;
  if (each.platform !== undefined) expect([os, architecture, variant].filter(Boolean).join('/')).toBe(each.platform);
  if (each.config !== undefined) expect(image.config.config).toMatchObject(each.config);
  const items: { created_by: string; empty_layer?: boolean; comment: string }[] = image.config.history;
  const added = items.slice(isBased ? base.config.history.length : 0);
  if (each.history !== undefined) expect(added.map(describeItem)).toEqual(each.history);
  for (const { comment } of added) expect(comment).toBe('lamella');
}

function describeItem({ created_by, empty_layer }: { created_by: string; empty_layer?: boolean }): string {
  return empty_layer ? `${created_by} (empty)` : created_by;
}

async function expectRefusal(each: GoldenRefusal, project: Project, cacheDir: string): Promise<void> {
  const error = await build(buildOptions(each, project, cacheDir)).then(
    () => 'it was built',
    (reason: unknown) => reason,
  );
  if (!isBuilderError(error)) throw error;
  expect({ code: error.code, line: error.span?.start.line }, error.message).toEqual({
    code: each.refused,
    line: each.line,
  });
  expect(error.hint).toBeTruthy();
}

async function buildImage(each: GoldenCase, project: Project, cacheDir: string): Promise<ReadImage> {
  const layout = join(project.out, 'layout');
  await build({ ...buildOptions(each, project, cacheDir), outputs: [ociLayout(layout)] });
  return await readImageTree(layout);
}

function buildOptions({ dockerfile, options }: GoldenCase, { dir }: Project, cacheDir: string): BuildOptions {
  const buildContexts = Object.entries(options?.buildContexts ?? {}).map(([name, path]) => [name, join(dir, path)]);
  const ssh = options?.ssh?.map(({ id, paths = [] }) => ({ id, paths: paths.map((path) => join(dir, path)) }));
  return {
    ...options,
    ...(ssh && { ssh }),
    cacheDir,
    context: dir,
    dockerfileText: `${dockerfile.join('\n').replaceAll('BUSYBOX', BASE)}\n`,
    buildContexts: Object.fromEntries(buildContexts),
  };
}

function describePaths({ paths }: ReadImage, base: ReadImage | undefined): Record<string, string> {
  const lines = [...paths].sort(([a], [b]) => (a < b ? -1 : 1)).map(([path, found]) => [path, describePath(found)]);
  const firstNames = new Map<string, string>();
  const described: Record<string, string> = {};
  for (const [path = '', line = ''] of lines) {
    const inode = paths.get(path)?.inode ?? path;
    const first = firstNames.get(inode);
    firstNames.set(inode, first ?? path);
    const known = base?.paths.get(path);
    if (known === undefined || describePath(known) !== line)
      described[path] = first === undefined ? line : `= ${first}`;
  }
  for (const path of base?.paths.keys() ?? []) if (!paths.has(path)) described[path] = 'gone';
  return described;
}

function describePath({ type, mode, uid, gid, text, size, link, device, xattrs }: ImagePath): string {
  const capability = xattrs?.['SCHILY.xattr.security.capability'];
  const readable = text !== undefined && !/[\0\ufffd]/.test(text);
  const content = type === 'file' ? [readable ? text : `${size} bytes`] : [];
  return [
    ...[type, ...(type === 'symlink' ? [] : [mode]), `${uid}:${gid}`],
    ...content,
    ...(link === undefined ? [] : [link]),
    ...(device === undefined ? [] : [device]),
    ...(capability === undefined ? [] : ['capability']),
  ].join(' ');
}
