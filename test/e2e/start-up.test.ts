import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { createProject } from '../support/project.ts';
import { REPOSITORY } from '../support/repository-files.ts';
import { tempDir } from '../support/temp-dir.ts';

const PRELOAD = pathToFileURL(join(REPOSITORY, 'test/support/print-modules-main.ts')).href;

/** Names of the files that one run of the installed program loads, without what tells versions of a file apart. */
function filesLoaded(...args: string[]): string[] {
  const list = join(tempDir(), 'modules.json');
  execFileSync(process.execPath, ['--import', PRELOAD, join(REPOSITORY, 'bin/lamella.js'), ...args], {
    env: { ...process.env, LOADED_MODULES: list },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const urls = (JSON.parse(readFileSync(list, 'utf8')) as string[]).filter((url) => url.startsWith('file:'));
  return urls.map((url) => basename(url).replace(/-[\w-]{8}(?=\.js$)/, '')).sort();
}

test('the program loads the library only when there is work, and few files in any case', () => {
  using project = createProject({ Dockerfile: 'FROM scratch\nCOPY a /\n', a: 'a' });
  const build = ['build', '--progress', 'quiet', '--cache-dir', join(project.out, 'cache'), project.dir];
  const start = ['lamella.js', 'main.js', 'rolldown-runtime.js', 'start.js'];
  const cold = filesLoaded(...build);
  expect(cold).toEqual(expect.arrayContaining([...start, 'library.js']));
  expect(cold).not.toContain('undici.js');
  // The files have to be some time old before they are trusted.
  filesLoaded(...build);
  expect(filesLoaded(...build)).toEqual(start);
  expect(filesLoaded('--version')).toEqual(start);
});
