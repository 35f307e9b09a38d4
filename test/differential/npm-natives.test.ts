import { copyFileSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Elf, readElf } from '../support/elf.ts';
import { runCli } from '../support/run-cli.ts';
import { tempDir } from '../support/temp-dir.ts';
import { installWithNpm, listModules } from './npm-installations.ts';

/** esbuild and sharp as they are published, whose programs and libraries lie in packages for one platform each. */
const PROJECT = join(import.meta.dirname, 'native-packages');

const TARGETS = [
  {
    platform: 'linux/amd64',
    cpu: 'x64',
    libc: 'glibc',
    names: 'linux-x64',
    libcName: 'libc.so.6',
    loader: 'ld-linux-x86-64.so.2',
  },
  {
    platform: 'linux/arm64',
    cpu: 'arm64',
    libc: 'glibc',
    names: 'linux-arm64',
    libcName: 'libc.so.6',
    loader: 'ld-linux-aarch64.so.1',
  },
  {
    platform: 'linux/amd64',
    cpu: 'x64',
    libc: 'musl',
    names: 'linuxmusl-x64',
    libcName: 'libc.musl-x86_64.so.1',
    loader: 'ld-musl-x86_64.so.1',
  },
  {
    platform: 'linux/arm64',
    cpu: 'arm64',
    libc: 'musl',
    names: 'linuxmusl-arm64',
    libcName: 'libc.musl-aarch64.so.1',
    loader: 'ld-musl-aarch64.so.1',
  },
] as const;

/** A base says by its program loader which C library it has. */
function projectOn(loader: string): string {
  const Dockerfile =
    'FROM scratch\nCOPY lib /lib\nWORKDIR /app\nCOPY package*.json ./\nRUN ["npm", "ci", "--ignore-scripts"]\n';
  const folder = tempDir({ Dockerfile, [`lib/${loader}`]: '' });
  for (const name of ['package.json', 'package-lock.json']) copyFileSync(join(PROJECT, name), join(folder, name));
  return folder;
}

function elfFilesOf(folder: string): Elf[] {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path));
  return paths.filter((path) => lstatSync(path).isFile()).flatMap((path) => readElf(readFileSync(path)) ?? []);
}

describe('an image with native packages', () => {
  test.each(TARGETS)(
    'for $platform and $libc is what npm ci makes there, and its binaries are for that',
    async ({ platform, cpu, libc, names, libcName, loader }) => {
      const folder = projectOn(loader);
      const image = tempDir();
      const words = ['build', '--npm', 'native', '--platform', platform, '--cache-dir', tempDir()];
      const built = await runCli([...words, '-o', `type=local,dest=${image}`, folder]);
      expect(built.exitCode, built.stderr).toBe(0);
      const app = join(image, 'app');
      expect(listModules(app)).toEqual(await installWithNpm({ folder, target: { os: 'linux', cpu, libc } }));
      const scoped = ['@esbuild', '@img'].flatMap((scope) => readdirSync(join(app, 'node_modules', scope)));
      expect(scoped.sort()).toEqual(['colour', `linux-${cpu}`, `sharp-${names}`, `sharp-libvips-${names}`].sort());
      const binaries = elfFilesOf(join(app, 'node_modules'));
      expect(binaries.map(({ machine }) => machine)).toEqual([cpu, cpu, cpu]);
      // esbuild is a static program: it needs no loader, and so runs with both C libraries.
      const libcs = binaries.flatMap(({ needed }) => needed.filter((name) => name.startsWith('libc.')));
      expect(libcs).toEqual([libcName, libcName]);
      expect(binaries.flatMap(({ interpreter }) => interpreter ?? [])).toEqual([]);
    },
  );
});
