import { describe, expect, test } from 'vitest';
import { mountIngredient, RUN_RECIPE, type RunSurroundings, runIngredients } from '../../src/build/steps/run-key.ts';
import type { CacheKey } from '../../src/cache/cache-key.ts';
import { frameKey } from '../../src/cache/frame.ts';
import type { ChainId } from '../../src/core/digest.ts';
import type { BuildOptions } from '../../src/index.ts';
import { createBuilder, eventsOf } from '../support/build.ts';
import { makeTar } from '../support/images.ts';
import { type EvaluateTextOptions, evaluateText, LINUX } from '../support/plan.ts';
import { createProject, type ProjectFile } from '../support/project.ts';

/** A change of one thing: the same list whatever the kind of step. */
type Change<Case> = readonly [name: string, change: Case];

// RUN: pure.

interface RunCase extends EvaluateTextOptions {
  /** Stands before RUN. */
  readonly before?: string;
  readonly run?: string;
  readonly surroundings?: Partial<RunSurroundings>;
  /** Digest of what the mounts show. */
  readonly content?: string;
}

const SURROUNDINGS: RunSurroundings = {
  parent: `sha256:${'1'.repeat(64)}` as ChainId,
  platform: LINUX,
  times: { name: 'times', value: 'preserve' },
  hosts: [{ name: 'db' }],
};

function runKey({ before = '', run = 'RUN make', surroundings, content, ...options }: RunCase): CacheKey {
  const { steps } = evaluateText(`FROM scratch\n${before}\n${run}\n`, options);
  const step = steps.at(-1);
  if (step?.kind !== 'run') throw new Error('the last step is no RUN');
  const ingredients = runIngredients(step, { ...SURROUNDINGS, ...surroundings });
  const mounts = step.mounts.map((mount) => mountIngredient(mount, content));
  return frameKey(RUN_RECIPE, [...ingredients, ...mounts]);
}

const RUN_CHANGES: readonly Change<RunCase>[] = [
  ['the command', { run: 'RUN make all' }],
  ['the form of the command', { run: 'RUN ["make"]' }],
  ['the borders of its arguments', { run: 'RUN ["ma", "ke"]' }],
  ['the shell', { before: 'SHELL ["/bin/bash", "-c"]' }],
  ['a script', { run: 'RUN <<EOF\n#!/bin/sh\nmake\nEOF' }],
  ['the name of a script', { run: 'RUN <<END\n#!/bin/sh\nmake\nEND' }],
  ['the text of a script', { run: 'RUN <<EOF\n#!/bin/sh\nmake all\nEOF' }],
  ['a variable', { before: 'ENV A=1' }],
  ['the value of a variable', { before: 'ENV A=2' }],
  ['an argument that it does not use', { before: 'ARG B=1' }],
  ['the value of a build argument', { before: 'ARG B=1', buildArgs: { B: '3' } }],
  ['the working directory', { before: 'WORKDIR /src' }],
  ['the user', { before: 'USER daemon' }],
  ['the host name', { buildArgs: { BUILDKIT_SANDBOX_HOSTNAME: 'builder' } }],
  ['the network', { run: 'RUN --network=none make' }],
  ['the network of all', { network: 'host' }],
  ['the security mode', { run: 'RUN --security=insecure make', allow: ['security.insecure'] }],
  ['the layers below', { surroundings: { parent: `sha256:${'2'.repeat(64)}` as ChainId } }],
  ['no layer below', { surroundings: { parent: undefined } }],
  ['the platform', { surroundings: { platform: { os: 'linux', architecture: 'arm64' } } }],
  ['the variant of the platform', { surroundings: { platform: { ...LINUX, variant: 'v3' } } }],
  ['the times policy', { surroundings: { times: { name: 'times', value: 'fixed 318211200' } } }],
  ['the environment of fixed times', { timestamps: 'fixed' }],
  ['no new privileges', { surroundings: { noNewPrivileges: true } }],
  ['a limit', { surroundings: { limits: [{ name: 'nofile', soft: 9, hard: 9 }] } }],
  ['another hard limit', { surroundings: { limits: [{ name: 'nofile', soft: 9, hard: 10 }] } }],
  ['the name of a host', { surroundings: { hosts: [{ name: 'cache' }] } }],
  ['one more host', { surroundings: { hosts: [{ name: 'db' }, { name: 'cache' }] } }],
  ['a bind mount', { run: 'RUN --mount=target=/m make' }],
  ['the target of a bind mount', { run: 'RUN --mount=target=/n make' }],
  ['the access to a bind mount', { run: 'RUN --mount=target=/m,rw make' }],
  ['the content of a bind mount', { run: 'RUN --mount=target=/m make', content: 'sha256:1' }],
  ['a cache mount', { run: 'RUN --mount=type=cache,target=/m make' }],
  ['the id of a cache mount', { run: 'RUN --mount=type=cache,target=/m,id=x make' }],
  ['the access to a cache mount', { run: 'RUN --mount=type=cache,target=/m,ro make' }],
  ['the mode of a cache mount', { run: 'RUN --mount=type=cache,target=/m,mode=0700 make' }],
  ['the user of a cache mount', { run: 'RUN --mount=type=cache,target=/m,uid=1 make' }],
  ['the group of a cache mount', { run: 'RUN --mount=type=cache,target=/m,gid=1 make' }],
  ['the first content of a cache mount', { run: 'RUN --mount=type=cache,target=/m make', content: 'sha256:1' }],
  ['a tmpfs', { run: 'RUN --mount=type=tmpfs,target=/m make' }],
  ['the size of a tmpfs', { run: 'RUN --mount=type=tmpfs,target=/m,size=1m make' }],
  ['a secret', { run: 'RUN --mount=type=secret,id=s make' }],
  ['the id of a secret', { run: 'RUN --mount=type=secret,id=t,target=/run/secrets/s make' }],
  ['the target of a secret', { run: 'RUN --mount=type=secret,id=s,target=/s make' }],
  ['the variable of a secret', { run: 'RUN --mount=type=secret,id=s,env=S make' }],
  ['the mode of a secret', { run: 'RUN --mount=type=secret,id=s,mode=0444 make' }],
  ['the owner of a secret', { run: 'RUN --mount=type=secret,id=s,uid=1 make' }],
  ['that a secret is required', { run: 'RUN --mount=type=secret,id=s,required make' }],
  ['an ssh mount', { run: 'RUN --mount=type=ssh make' }],
  ['the id of an ssh mount', { run: 'RUN --mount=type=ssh,id=x,target=/run/buildkit/ssh_agent.0 make' }],
  ['the order of mounts', { run: 'RUN --mount=type=tmpfs,target=/m --mount=type=secret,id=s make' }],
  ['the other order of mounts', { run: 'RUN --mount=type=secret,id=s --mount=type=tmpfs,target=/m make' }],
];

const CACHE = 'RUN --mount=type=cache,target=/m make';

const RUN_INDIFFERENT: readonly (readonly [name: string, one: RunCase, other: RunCase])[] = [
  ['a comment and blank lines', {}, { before: '# hello\n\n' }],
  ['labels, ports and other metadata', {}, { before: 'LABEL a=1\nEXPOSE 80\nCMD ["x"]\nVOLUME /v' }],
  ['a build argument that is not declared', {}, { buildArgs: { A: '1' } }],
  ['a proxy', {}, { buildArgs: { HTTP_PROXY: 'http://proxy' } }],
  ['the address of a host', {}, { surroundings: { hosts: [{ name: 'db', ...{ address: '10.0.0.1' } }] } }],
  [
    'the path of a bind mount',
    { run: 'RUN --mount=source=a,target=/m make' },
    { run: 'RUN --mount=source=b,target=/m make' },
  ],
  ['how a cache is shared', { run: CACHE }, { run: CACHE.replace('/m', '/m,sharing=locked') }],
  ['SOURCE_DATE_EPOCH', { timestamps: 'fixed' }, { timestamps: 'fixed', sourceDateEpoch: '1700000000' }],
];

describe('the key of RUN', () => {
  test('changes with each of its ingredients, and no two changes are alike', () => {
    const named = new Map<CacheKey, string>([[runKey({}), 'nothing']]);
    for (const [name, change] of RUN_CHANGES) {
      const key = runKey(change);
      expect(named.get(key), name).toBeUndefined();
      named.set(key, name);
    }
  });

  test.each(RUN_INDIFFERENT)('does not change with %s', (_, one, other) => {
    expect(runKey(other)).toBe(runKey(one));
  });
});

// COPY, ADD and WORKDIR: through the library.

interface BuildCase {
  /** Stands in front of the step. */
  readonly before?: string;
  /** The last instruction of the Dockerfile. */
  readonly step?: string;
  readonly files?: Readonly<Record<string, ProjectFile>>;
  readonly mtime?: number;
  readonly options?: BuildOptions;
}

const FILES: Readonly<Record<string, ProjectFile>> = {
  'src/a': 'a',
  'src/b/c': 'c',
  'src/b/link': { link: 'c' },
  'src/skipped': 's',
  other: 'o',
  'base/etc/passwd': 'app:x:7:8::/:/bin/sh\n',
  'base/etc/group': 'app:x:8:\n',
  'base/opt/x': 'x',
  '.dockerignore': 'ignored\n',
};

const DEFAULT_STEP = 'COPY --exclude=skipped src /app/';

/** The key of the last step. */
async function stepKey({ before = '', step = DEFAULT_STEP, files, mtime, options }: BuildCase): Promise<CacheKey> {
  const dockerfile = `FROM scratch\nCOPY base /\n${before}\n${step}\n`;
  using project = createProject({ ...FILES, Dockerfile: dockerfile, ...files }, mtime);
  const build = await createBuilder().build({ context: project.dir, ...options });
  const key = eventsOf(build, 'step-finished').at(-1)?.key;
  if (key === undefined) throw new Error('the last step has no key');
  return key;
}

function textAndMode(text: string, mode: number): ProjectFile {
  return { text, mode };
}

const COPY_CHANGES: readonly Change<BuildCase>[] = [
  ['the content of a file', { files: { 'src/b/c': 'C' } }],
  ['an empty file', { files: { 'src/b/c': '' } }],
  ['one more file', { files: { 'src/b/d': 'd' } }],
  ['the mode of a file', { files: { 'src/a': textAndMode('a', 0o600) } }],
  ['the set user id bit', { files: { 'src/a': textAndMode('a', 0o4755) } }],
  ['where a link leads', { files: { 'src/b/link': { link: 'a' } } }],
  ['a link that becomes a file', { files: { 'src/b/link': 'c' } }],
  ['what is excluded', { step: 'COPY --exclude=b src /app/' }],
  ['the destination', { step: 'COPY --exclude=skipped src /srv/' }],
  ['--chown', { step: 'COPY --exclude=skipped --chown=1:1 src /app/' }],
  ['--chown by a name', { step: 'COPY --exclude=skipped --chown=app src /app/' }],
  [
    'the id behind the name of --chown',
    { step: 'COPY --exclude=skipped --chown=app src /app/', files: { 'base/etc/passwd': 'app:x:9:8::/:/bin/sh\n' } },
  ],
  ['--chmod', { step: 'COPY --exclude=skipped --chmod=0750 src /app/' }],
  ['--parents', { step: 'COPY --exclude=skipped --parents src /app/' }],
  ['--link', { step: 'COPY --exclude=skipped --link src /app/' }],
  ['ADD', { step: 'ADD --exclude=skipped src /app/' }],
  ['one more source', { step: 'COPY --exclude=skipped src other /app/' }],
  ['where the destination leads', { files: { 'base/app': { link: 'srv' } } }],
  ['that the destination is there', { files: { 'base/app/y': 'y' } }],
  ['the times policy', { options: { timestamps: 'preserve' } }],
  ['one file', { step: 'COPY src/a /app/a' }],
  ['another name of one file', { step: 'COPY src/b/c /app/a', files: { 'src/b/c': 'a' } }],
  ['a file in the Dockerfile', { step: 'COPY <<a /app/\nx\na' }],
  ['the name of a file in the Dockerfile', { step: 'COPY <<b /app/\nx\nb' }],
  ['the text of a file in the Dockerfile', { step: 'COPY <<a /app/\ny\na' }],
];

const COPY_INDIFFERENT: readonly (readonly [name: string, one: BuildCase, other: BuildCase])[] = [
  ['file times', { mtime: 1_000_000_000 }, { mtime: 1_500_000_000 }],
  ['an excluded file', {}, { files: { 'src/skipped': 'other' } }],
  ['an ignored file', {}, { files: { ignored: 'x' } }],
  ['a file that no source names', {}, { files: { other: 'changed' } }],
  [
    'a file that no wildcard matches',
    { step: 'COPY src/a* /app/' },
    { step: 'COPY src/a* /app/', files: { 'src/b/c': 'x' } },
  ],
  ['the layers below', {}, { files: { 'base/opt/x': 'changed' } }],
  [
    'the layers below, under --link',
    { step: 'COPY --link src /app/' },
    { step: 'COPY --link src /app/', files: { 'base/app': { link: 'srv' } } },
  ],
  ['variables, labels and arguments', {}, { before: 'ENV A=1\nLABEL b=2\nARG C=3' }],
  ['the user', {}, { before: 'USER app' }],
  [
    'how the destination is written',
    { before: 'WORKDIR /app' },
    { before: 'WORKDIR /app', step: 'COPY --exclude=skipped src $PWD/app/' },
  ],
  ['compression', {}, { options: { compression: 'zstd' } }],
  ['SOURCE_DATE_EPOCH', {}, { options: { sourceDateEpoch: 1_700_000_000 } }],
  ['the number of steps at the same time', {}, { options: { maxParallelism: 1 } }],
  ['a name that gives the same id', { step: 'COPY --chown=app src /app/' }, { step: 'COPY --chown=7:8 src /app/' }],
];

describe('the key of COPY', () => {
  test('changes with each of its ingredients, and no two changes are alike', async () => {
    const named = new Map<CacheKey, string>([[await stepKey({}), 'nothing']]);
    for (const [name, change] of COPY_CHANGES) {
      const key = await stepKey(change);
      expect(named.get(key), name).toBeUndefined();
      named.set(key, name);
    }
  });

  test.each(COPY_INDIFFERENT)('does not change with %s', async (_, one, other) => {
    expect(await stepKey(other)).toBe(await stepKey(one));
  });

  test('is the same for equal files of two stages', async () => {
    const stages = 'COPY src /one\nFROM scratch AS two\nCOPY src /one\nCOPY other /\nFROM scratch\n';
    const copyFrom = (from: number): Promise<CacheKey> =>
      stepKey({ before: stages, step: `COPY --from=${from} /one /app/` });
    expect(await copyFrom(1)).toBe(await copyFrom(0));
  });
});

describe('the key of ADD', () => {
  const archive = (text: string): string => makeTar({ 'dir/': '', 'dir/file': text }).toString('latin1');
  const ADD: BuildCase = { step: 'ADD a.tar /app/', files: { 'a.tar': archive('one') } };

  test.each<Change<BuildCase>>([
    ['the content of an archive', { ...ADD, files: { 'a.tar': archive('two') } }],
    ['that it is not unpacked', { ...ADD, step: 'ADD --unpack=false a.tar /app/' }],
    ['that it is copied', { ...ADD, step: 'COPY a.tar /app/' }],
    ['the layers that it is unpacked over', { ...ADD, before: 'COPY other /opt/' }],
    ['the owner', { ...ADD, step: 'ADD --chown=1 a.tar /app/' }],
  ])('changes with %s', async (_, change) => {
    expect(await stepKey(change)).not.toBe(await stepKey(ADD));
  });
});

describe('the key of WORKDIR', () => {
  const WORKDIR: BuildCase = { step: 'WORKDIR /opt/app/data' };

  test.each<Change<BuildCase>>([
    ['the path', { step: 'WORKDIR /opt/app/date' }],
    ['the user', { ...WORKDIR, before: 'USER app' }],
    ['where the path leads', { ...WORKDIR, files: { 'base/opt/app': { link: '/srv' } } }],
    ['the mode of a parent', { ...WORKDIR, before: 'COPY --chmod=0700 src /opt/app/' }],
    ['the times policy', { ...WORKDIR, options: { timestamps: 'preserve' } }],
  ])('changes with %s', async (_, change) => {
    expect(await stepKey(change)).not.toBe(await stepKey(WORKDIR));
  });

  test.each<Change<BuildCase>>([
    ['the layers below', { ...WORKDIR, files: { 'base/opt/x': 'changed' } }],
    ['variables', { ...WORKDIR, before: 'ENV A=1' }],
    ['file times', { ...WORKDIR, mtime: 1_000_000_000 }],
  ])('does not change with %s', async (_, change) => {
    expect(await stepKey(change)).toBe(await stepKey(WORKDIR));
  });
});
