import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { createProject } from '../support/project.ts';
import { REPOSITORY } from '../support/repository-files.ts';
import { tempDir } from '../support/temp-dir.ts';

const PRELOAD = pathToFileURL(join(REPOSITORY, 'test/support/print-modules-main.ts')).href;

/** What one run of the installed program loads. */
function modulesLoaded(...args: string[]): string[] {
  const list = join(tempDir(), 'modules.json');
  execFileSync(process.execPath, ['--import', PRELOAD, join(REPOSITORY, 'bin/lamella.js'), ...args], {
    env: { ...process.env, LOADED_MODULES: list },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return JSON.parse(readFileSync(list, 'utf8')) as string[];
}

/** What it loads from files. */
function urlsLoaded(...args: string[]): string[] {
  return modulesLoaded(...args).filter((url) => url.startsWith('file:'));
}

/** Modules of Node that take long to load. */
const SELDOM_USED = ['node:child_process', 'node:tls', 'node:https'];

/** Names of the files, without what tells versions of a file apart. */
function namesOf(urls: readonly string[]): string[] {
  return urls.map((url) => basename(url).replace(/-[\w-]{8}(?=\.js$)/, '')).sort();
}

function packagesOf(urls: readonly string[]): string[] {
  const names = urls.flatMap((url) => /\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? []);
  return [...new Set(names.map((name) => name.replace(/^@chevrotain\/.*/, 'chevrotain')))];
}

test('the program loads the library only when there is work, and few files and packages in any case', () => {
  using project = createProject({ Dockerfile: 'FROM scratch\nCOPY a /\n', a: 'a' });
  const build = ['build', '--progress', 'quiet', '--cache-dir', join(project.out, 'cache'), project.dir];
  const start = ['lamella.js', 'main.js', 'rolldown-runtime.js', 'start.js'];
  const cold = urlsLoaded(...build);
  expect(namesOf(cold)).toEqual(expect.arrayContaining([...start, 'library.js']));
  expect(packagesOf(cold)).toEqual(['chevrotain']);
  // The files have to be some time old before they are trusted.
  urlsLoaded(...build);
  expect(namesOf(urlsLoaded(...build))).toEqual(start);
  expect(namesOf(urlsLoaded('--version'))).toEqual(start);
});

test('what fetches a base image is Node itself, and TLS and what starts programs are loaded only when they are used', () => {
  const registry = process.env.LAMELLA_TEST_REGISTRY ?? '';
  using project = createProject({ Dockerfile: `FROM ${registry}/busybox:latest\nCOPY a /\n`, a: 'a' });
  const build = ['build', '--progress', 'quiet', '--cache-dir', join(project.out, 'cache'), project.dir];
  expect(packagesOf(modulesLoaded(...build))).toEqual(['chevrotain']);
  writeFileSync(join(project.dir, 'a'), 'changed');
  const changed = modulesLoaded(...build);
  expect(changed).toContain('node:http');
  expect(changed.filter((name) => SELDOM_USED.includes(name))).toEqual([]);
});
