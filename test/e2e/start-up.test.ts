import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { createProject } from '../support/project.ts';
import { REPOSITORY } from '../support/repository-files.ts';
import { tempDir } from '../support/temp-dir.ts';

const PRELOAD = pathToFileURL(join(REPOSITORY, 'test/support/print-modules-main.ts')).href;

/** What one run of the installed program loads from files. */
function urlsLoaded(...args: string[]): string[] {
  const list = join(tempDir(), 'modules.json');
  execFileSync(process.execPath, ['--import', PRELOAD, join(REPOSITORY, 'bin/lamella.js'), ...args], {
    env: { ...process.env, LOADED_MODULES: list },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return (JSON.parse(readFileSync(list, 'utf8')) as string[]).filter((url) => url.startsWith('file:'));
}

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
