import { chownSync, lchownSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { TEST_REGISTRY } from '../support/host.ts';
import { readImageTree } from '../support/image-tree.ts';
import { startNpmRegistry } from '../support/npm-registry.ts';
import { findOrdinaryUser, type OrdinaryUser } from '../support/ordinary-user.ts';
import { createProject, type Project, type ProjectFile } from '../support/project.ts';
import { runCli } from '../support/run-cli.ts';

/** Each case is eight builds, some of them on a cold base of 300 MB. */
const EIGHT_BUILDS_MS = 900_000;

interface Case {
  readonly title: string;
  readonly files: Readonly<Record<string, ProjectFile>>;
  readonly args?: readonly string[];
}

const packages = {
  tool: {
    'package.json': JSON.stringify({ name: 'tool', version: '1.0.0', bin: 'cli.js', dependencies: { lib: '^2.0.0' } }),
    'cli.js': '#!/usr/bin/env node\nrequire("lib");\n',
  },
  lib: { 'package.json': JSON.stringify({ name: 'lib', version: '2.1.0' }), 'index.js': 'module.exports = 1;\n' },
};

const registry = await startNpmRegistry(packages);
afterAll(() => registry[Symbol.asyncDispose]());

const dependencies = { tool: '1.0.0' };
const manifest = { name: 'app', version: '1.0.0', private: true, dependencies };
const lock = {
  ...manifest,
  lockfileVersion: 3,
  requires: true,
  packages: {
    '': { name: 'app', version: '1.0.0', dependencies },
    'node_modules/lib': { version: '2.1.0', integrity: registry.integrity('lib') },
    'node_modules/tool': {
      version: '1.0.0',
      integrity: registry.integrity('tool'),
      bin: { tool: 'cli.js' },
      dependencies: { lib: '^2.0.0' },
    },
  },
};

const cases: readonly Case[] = [
  {
    title: 'files, modes, links and deletions made by commands',
    files: {
      Dockerfile: [
        `FROM ${TEST_REGISTRY}/busybox:latest`,
        'COPY --chown=1:33 src /src',
        'RUN mkdir -p /a/b && echo 1 > /a/b/f && ln /a/b/f /a/g && ln -s b /a/l && chmod 4711 /a/g && chown 7:8 /a/b',
        'RUN rm -rf /src/old /home && mkdir /home && touch /home/new && mv /a/b /a/c',
        'WORKDIR /srv/app',
        'RUN : > empty && sh -c "echo $SOURCE_DATE_EPOCH" > epoch',
      ].join('\n'),
      'src/old/x': 'x',
      'src/new': { text: '#!/bin/sh\n', mode: 0o755 },
    },
  },
  {
    title: 'useradd on Debian',
    files: {
      Dockerfile: `FROM ${TEST_REGISTRY}/debian:bookworm-slim\nRUN groupadd -g 900 team && useradd -m -u 900 -g team app\nUSER app\nWORKDIR /home/app/data\nRUN id > id\n`,
    },
  },
  {
    title: 'npm ci --ignore-scripts',
    args: ['--build-arg', `NPM_CONFIG_REGISTRY=${registry.url}`],
    files: {
      Dockerfile: [
        `FROM ${TEST_REGISTRY}/node:24`,
        'ARG NPM_CONFIG_REGISTRY',
        'WORKDIR /app',
        'COPY package.json package-lock.json ./',
        'RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier',
      ].join('\n'),
      'package.json': JSON.stringify(manifest),
      'package-lock.json': JSON.stringify(lock),
    },
  },
];

interface Way {
  readonly isolation: 'crun' | 'unshare';
  readonly as?: OrdinaryUser;
  readonly mtime: number;
}

async function digestOf(project: Project, { isolation, as }: Way, args: readonly string[]): Promise<string> {
  const layout = join(project.out, 'layout');
  const result = await runCli(
    [
      ...['build', '--isolation', isolation, '--cache-dir', join(project.out, 'cache')],
      ...['-o', `type=oci-layout,dest=${layout}`, ...args, project.dir],
    ],
    as === undefined ? {} : { as },
  );
  expect(result.exitCode, result.stderr).toBe(0);
  return (await readImageTree(layout)).digest;
}

/** The checkout of another user. */
function give(project: Project, { uid, gid }: OrdinaryUser): void {
  chownSync(project.out, uid, gid);
  for (const name of readdirSync(project.dir, { recursive: true }))
    lchownSync(join(project.dir, String(name)), uid, gid);
}

describe('the same inputs', () => {
  const user = findOrdinaryUser();
  if (user === undefined && process.env.CI) throw new Error('CI must have an ordinary user');
  const ways: readonly Way[] = [
    { isolation: 'crun', mtime: 1_000_000_000 },
    { isolation: 'unshare', mtime: 1_500_000_000 },
    ...(user === undefined ? [] : [{ isolation: 'crun', mtime: 1_600_000_000, as: user } as const]),
    ...(user === undefined ? [] : [{ isolation: 'unshare', mtime: 1_700_000_000, as: user } as const]),
  ];

  test.each(cases)(
    'give one digest on every path, cold and warm, as root and as a user, with crun and unshare: $title',
    async ({ files, args = [] }) => {
      const digests: string[] = [];
      for (const way of ways) {
        using project = createProject(files, way.mtime);
        if (way.as !== undefined) give(project, way.as);
        digests.push(await digestOf(project, way, args), await digestOf(project, way, args));
      }
      expect(digests).toEqual(digests.map(() => digests[0]));
    },
    EIGHT_BUILDS_MS,
  );
});
