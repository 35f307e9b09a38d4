import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { corpusDir } from '../support/corpus.ts';
import { type ImagePath, type ReadImage, readImageTree } from '../support/image-tree.ts';
import { runCli } from '../support/run-cli.ts';

interface BuildCase {
  readonly id: string;
  readonly dockerfile: string;
  readonly context: string;
  readonly buildArgs?: Readonly<Record<string, string>>;
  readonly expected: string;
}

interface Expected {
  readonly fails?: boolean;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly paths?: Readonly<Record<string, Omit<ImagePath, 'inode'> & { hardlinks?: string }>>;
  readonly removed?: readonly string[];
}

const corpus = corpusDir();
const registry = process.env.LAMELLA_TEST_REGISTRY ?? '';
const bases: Readonly<Record<string, string>> = { busybox: 'busybox:latest', debian: 'debian:bookworm-slim' };
const cases: readonly BuildCase[] = corpus === undefined ? [] : readJson(join(corpus, 'index.json')).build;

describe.skipIf(corpus === undefined)('recorded builds (dockerfile-semantics.md decides)', () => {
  const temp = mkdtempSync(join(tmpdir(), 'lamella-corpus-'));
  const baseTrees = new Map<string, ReadImage>();

  beforeAll(async () => {
    for (const [name, reference] of Object.entries(bases)) {
      const layout = join(temp, `base-${name}`);
      const source = `docker://${registry}/${reference}`;
      execFileSync('skopeo', ['copy', '-q', '--src-tls-verify=false', source, `oci:${layout}:base`]);
      baseTrees.set(name, await readImageTree(layout));
    }
  });
  afterAll(() => rmSync(temp, { recursive: true, force: true }));

  test.each(cases)('$id', async (build) => {
    const expected: Expected = readJson(join(corpus ?? '', build.expected));
    const layout = join(temp, build.id.replace('/', '-'));
    const result = await runCli([
      'build',
      ...['-f', join(corpus ?? '', build.dockerfile), '--cache-dir', join(temp, 'cache')],
      ...['-o', `type=oci-layout,dest=${layout}`, '--timestamps', 'preserve'],
      ...Object.entries(bases).flatMap(([name, ref]) => [
        '--build-context',
        `${name}=docker-image://${registry}/${ref}`,
      ]),
      ...Object.entries(build.buildArgs ?? {}).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]),
      writableCopy(join(corpus ?? '', build.context), `${layout}-context`),
    ]);
    if (expected.fails === true) return expect(result.exitCode).not.toBe(0);
    expect(result.stderr).not.toContain('internal error');
    expect(result.exitCode, result.stderr).toBe(0);
    const image = await readImageTree(layout);
    expect(comparableConfig(image.config)).toEqual(normalizeConfig(expected.config ?? {}));
    const base = baseOf(image, baseTrees);
    expect(compareTrees(image, base, withVerdicts(build.id, expected))).toEqual([]);
  });
});

/** The modes that the results were recorded with (corpus README), whatever those of the corpus are here. */
function writableCopy(context: string, copy: string): string {
  cpSync(context, copy, { recursive: true, verbatimSymlinks: true });
  for (const entry of [copy, ...readdirSync(copy, { recursive: true }).map((name) => join(copy, String(name)))]) {
    const stat = lstatSync(entry);
    if (!stat.isSymbolicLink()) chmodSync(entry, stat.mode & 0o111 ? 0o755 : 0o644);
  }
  return copy;
}

// biome-ignore lint/suspicious/noExplicitAny: test data.
function readJson(path: string): any {
  return JSON.parse(readFileSync(path, 'utf8'));
}

function comparableConfig(config: ReadImage['config']): Record<string, unknown> {
  const { os, architecture, author, config: runtime } = config;
  return normalizeConfig({ ...runtime, os, architecture, author });
}

/** Only non-empty fields; an empty WorkingDir and `/` are the same (corpus README). */
function normalizeConfig(config: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { ArgsEscaped: _, ...rest } = config;
  return Object.fromEntries(
    Object.entries(rest).filter(([key, value]) => {
      if (value === undefined || value === null || value === '' || (key === 'WorkingDir' && value === '/'))
        return false;
      return typeof value !== 'object' || Object.keys(value as object).length > 0;
    }),
  );
}

/** The base whose layers the image starts with; none for `FROM scratch`. */
function baseOf(image: ReadImage, bases: ReadonlyMap<string, ReadImage>): ReadonlyMap<string, ImagePath> {
  for (const base of bases.values()) {
    if (image.config.rootfs.diff_ids[0] === base.config.rootfs.diff_ids[0]) return base.paths;
  }
  return new Map();
}

/**
 * Where docker 20.10's recorded result is not the rule's. Section 11: directories that COPY makes on the way get the
 * octal value of `--chmod`, if there is one, else 0755.
 */
const VERDICTS: Readonly<Record<string, Readonly<Record<string, { readonly mode: string }>>>> = {
  'kaniko/copyadd_chmod': { '/dir777': { mode: '0777' } },
};

const LEFT_OUT = /^\/(dev|proc|sys|run|etc\/hosts|etc\/resolv\.conf|etc\/hostname)(\/|$)/;
/** Their content is the base's or the clock's, not the rule's. */
const CONTENT_VARIES = /(^\/date$|passwd-?$|shadow-?$|group-?$|os-release|debian_version|\.log$)/;

function withVerdicts(id: string, expected: Expected): Expected {
  const paths = { ...expected.paths };
  for (const [path, verdict] of Object.entries(VERDICTS[id] ?? {})) {
    const recorded = paths[path];
    if (recorded !== undefined) paths[path] = { ...recorded, ...verdict };
  }
  return { ...expected, paths };
}

function compareTrees(image: ReadImage, base: ReadonlyMap<string, ImagePath>, expected: Expected): string[] {
  const problems: string[] = [];
  const wanted = expected.paths ?? {};
  for (const [path, want] of Object.entries(wanted)) {
    const found = image.paths.get(path);
    const { hardlinks: _, ...rest } = want;
    const a = comparable(path, found);
    const b = comparable(path, rest);
    if (a !== b) problems.push(`${path}: expected ${b}, found ${a}`);
  }
  for (const [path, found] of image.paths) {
    const same = comparable(path, base.get(path)) === comparable(path, found);
    if (!same && wanted[path] === undefined && !LEFT_OUT.test(path)) problems.push(`${path}: unexpected`);
  }
  const gone = [...base.keys()].filter((path) => !image.paths.has(path) && !LEFT_OUT.test(path));
  for (const path of gone) if (!(expected.removed ?? []).includes(path)) problems.push(`${path}: is gone`);
  for (const path of expected.removed ?? []) if (image.paths.has(path)) problems.push(`${path}: should be gone`);
  return problems;
}

function comparable(path: string, found: ImagePath | undefined): string {
  if (found === undefined) return 'nothing';
  const { type, mode, uid, gid, size, sha256, link } = found;
  if (CONTENT_VARIES.test(path)) return JSON.stringify({ type, mode, uid, gid });
  return JSON.stringify({ type, mode: type === 'symlink' ? undefined : mode, uid, gid, size: size, sha256, link });
}
