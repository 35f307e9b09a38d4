import { chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { lockEntry, type MadePackage, makeTarball, projectTexts, putIntoNpmCache } from '../support/npm-packages.ts';
import { findOrdinaryUser, type OrdinaryUser } from '../support/ordinary-user.ts';
import { createProject, type Project, type ProjectFile } from '../support/project.ts';
import { runCli } from '../support/run-cli.ts';
import { startTarballServer } from '../support/tarball-server.ts';

/** Modes in tarballs are those of whoever published; of two packages for a platform one fits. */
const MADE: readonly MadePackage[] = [
  {
    name: 'tool',
    version: '1.0.0',
    manifest: { bin: 'cli.js', dependencies: { '@team/lib': '2' }, optionalDependencies: { arm: '1', amd: '1' } },
    files: {
      'cli.js': { content: '#!/usr/bin/env node\r\n', mode: 0o600 },
      'deep/er/data': { content: 'x', mode: 0o777 },
    },
  },
  { name: '@team/lib', version: '2.0.0', files: { 'index.js': 'lib' } },
  { name: 'arm', version: '1.0.0', manifest: { os: ['linux'], cpu: ['arm64'] } },
  { name: 'amd', version: '1.0.0', manifest: { os: ['linux'], cpu: ['x64'] } },
];

const tarballs = await Promise.all(MADE.map(makeTarball));
const server = await startTarballServer(tarballs);
afterAll(() => server[Symbol.asyncDispose]());

const lock = tarballs.map((tarball) => {
  const optional = ['arm', 'amd'].includes(tarball.name) && { optional: true };
  return [`node_modules/${tarball.name}`, lockEntry(tarball, { resolved: undefined, ...optional })];
});
const manifest = { dependencies: { tool: '1' }, main: 'index.js', lamella: { base: 'scratch' } };
const FILES = { ...projectTexts(manifest, Object.fromEntries(lock)), 'index.js': 'main\n' };

interface Case {
  readonly title: string;
  readonly files: Readonly<Record<string, ProjectFile>>;
}

const CASES: readonly Case[] = [
  {
    title: 'in a Dockerfile',
    files: {
      ...FILES,
      Dockerfile: 'FROM scratch\nWORKDIR /srv/app\nCOPY package*.json ./\nRUN ["npm", "ci"]\nCOPY index.js ./\n',
    },
  },
  { title: 'without a Dockerfile', files: FILES },
];

/** A machine: who builds there, and where packages are. */
interface Machine {
  readonly umask: string;
  readonly packages: 'in the cache of npm' | 'in the registry';
  readonly as?: OrdinaryUser;
  readonly env: Readonly<Record<string, string>>;
}

/** Digest of two builds, the second one of what the first has made. */
async function digestsOn({ umask, packages, as, env }: Machine, project: Project): Promise<string[]> {
  const cache = join(project.out, `npm-cache-${umask}`);
  mkdirSync(cache);
  const isOffline = packages === 'in the cache of npm';
  if (isOffline) tarballs.forEach((tarball) => void putIntoNpmCache(cache, tarball));
  if (as !== undefined) chownSync(project.dir, as.uid, as.gid);
  const args = [
    'build',
    '--quiet',
    '--npm',
    'native',
    '--platform',
    'linux/arm64',
    ...(isOffline ? ['--offline'] : []),
  ];
  const options = {
    cwd: project.dir,
    umask,
    env: {
      ...env,
      npm_config_cache: cache,
      npm_config_registry: isOffline ? 'http://packages.invalid/' : server.url,
      npm_config_userconfig: join(cache, 'npmrc'),
    },
    ...(as !== undefined && { as }),
  };
  const digests: string[] = [];
  for (let time = 0; time < 2; time++) {
    const built = await runCli([...args, '--cache-dir', join(project.out, `cache-${umask}`), '.'], options);
    expect(built.exitCode, built.stderr).toBe(0);
    digests.push(built.stdout.trim());
  }
  return digests;
}

describe('a native installation', () => {
  const user = findOrdinaryUser();
  if (user === undefined && process.env.CI) throw new Error('CI must have an ordinary user');
  const as = user === undefined ? {} : { as: user };
  const machines: readonly Machine[] = [
    { umask: '022', packages: 'in the cache of npm', env: {} },
    { umask: '077', packages: 'in the registry', env: { TZ: 'Asia/Tokyo', LANG: 'C', LC_ALL: 'C' } },
    { umask: '000', packages: 'in the registry', ...as, env: { TZ: 'America/Lima', LANG: 'tr_TR.UTF-8' } },
    { umask: '077', packages: 'in the cache of npm', ...as, env: {} },
  ];

  test.each(CASES)('$title gives one digest on every machine, with a network and without', async ({ files }) => {
    const digests: string[] = [];
    for (const [index, machine] of machines.entries()) {
      using project = createProject(files, 1_000_000_000 + index);
      digests.push(...(await digestsOn(machine, project)));
    }
    expect(digests[0]).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(digests).toEqual(digests.map(() => digests[0]));
    expect(new Set(server.asked)).toEqual(new Set(['tool', '@team/lib', 'arm']));
  });
});
