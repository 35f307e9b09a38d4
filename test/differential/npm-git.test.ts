import { execFile } from 'node:child_process';
import { chmodSync, cpSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { ociLayout } from '../../src/index.ts';
import { createBuilder } from '../support/build.ts';
import { startFileServer } from '../support/file-server.ts';
import { createGitRepository, type GitRepository } from '../support/git-repository.ts';
import { type ImagePath, readImageTree } from '../support/image-tree.ts';
import { projectTexts } from '../support/npm-packages.ts';
import { tempDir } from '../support/temp-dir.ts';
import { installWithNpm } from './npm-installations.ts';

interface Served {
  readonly root: string;
  readonly address: (name: string) => string;
}

async function serve(): Promise<Served> {
  const root = tempDir();
  const { url } = await startFileServer(() => undefined, root);
  return { root, address: (name) => `git+${url}/git/${name}` };
}

/** One line for each path, as the listing of what npm made has it. */
function describePath({ type, mode, link, sha256, text }: ImagePath, path: string): string {
  if (type === 'symlink') return `link ${link}`;
  if (type === 'dir') return `directory ${Number.parseInt(mode, 8).toString(8)}`;
  const content = path.endsWith('.package-lock.json') ? text : sha256;
  return `file ${Number.parseInt(mode, 8).toString(8)} ${content}`;
}

/** Natively, in an image that has the npm of this machine as far as a build looks at it. */
async function installNatively(folder: string): Promise<Record<string, string>> {
  const { stdout } = await promisify(execFile)('npm', ['--version']);
  const layout = join(tempDir(), 'layout');
  const Dockerfile = [
    'FROM scratch',
    'COPY npm.json /usr/local/lib/node_modules/npm/package.json',
    'WORKDIR /app',
    'COPY project .',
    'RUN ["npm", "ci", "--ignore-scripts"]',
  ].join('\n');
  const context = tempDir({ Dockerfile, 'npm.json': JSON.stringify({ version: stdout.trim() }) });
  cpSync(folder, join(context, 'project'), { recursive: true });
  await createBuilder().build({ context, npm: { mode: 'native' }, outputs: [ociLayout(layout)] });
  const { paths } = await readImageTree(layout);
  const ours = [...paths].filter(([path]) => path.startsWith('/app/') && path.split('/').includes('node_modules'));
  return Object.fromEntries(ours.map(([path, found]) => [path.slice('/app/'.length), describePath(found, path)]));
}

async function expectSame(folder: string): Promise<readonly string[]> {
  const native = await installNatively(folder);
  expect(native).toEqual(await installWithNpm({ folder, cache: tempDir(), isOnline: true }));
  return Object.keys(native);
}

function packageJson(manifest: object): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

function lockEntry(address: string, commit: string, manifest: object): object {
  return { ...manifest, resolved: `${address}#${commit}` };
}

function fill(repository: GitRepository, files: Readonly<Record<string, string>>, programs: readonly string[]): string {
  repository.commit(files);
  for (const path of programs) chmodSync(join(repository.path, path), 0o755);
  return repository.commit({});
}

test('packages from git are as npm ci makes them: files, ignore files, bundled packages, programs, links', async () => {
  const { root, address } = await serve();
  const plain = { name: 'plain', version: '1.0.0', bin: { plain: 'cli.js', deep: 'bin/deep.js' }, license: 'MIT' };
  const plainFiles = { 'package.json': packageJson(plain), 'cli.js': '#!/usr/bin/env node\r\n', 'bin/deep.js': 'x' };
  const more = {
    'lib/cli.js': 'y',
    'tool.sh': 'z',
    '.gitignore': '*.log\n',
    '.npmrc': 'x',
    'a*b': '',
    'empty/.keep': '',
  };
  // Which locks are packed depends on npm; git converts the ends of lines.
  const text = {
    'bun.lock': '',
    'npm-shrinkwrap.json': '{}',
    '.gitattributes': '*.txt eol=crlf\n',
    'notes.txt': 'a\nb\n',
  };
  const first = createGitRepository(join(root, 'plain.git'));
  first.commit({});
  symlinkSync('/etc/passwd', join(first.path, 'passwd'));
  symlinkSync('lib', join(first.path, 'inside'));
  const commits = [fill(first, { ...plainFiles, ...more, 'package-lock.json': '{}', ...text }, ['tool.sh'])];

  const listed = {
    name: '@team/listed',
    version: '2.0.0',
    files: ['dist', 'docs/*.md', '!dist/secret'],
    main: 'main.js',
  };
  const second = createGitRepository(join(root, 'listed.git'));
  commits.push(
    second.commit({
      ...{ 'package.json': packageJson(listed), 'main.js': '', 'other.js': '', 'README.md': 'r', 'docs/a.md': 'a' },
      ...{ 'docs/b.txt': 'b', 'dist/x.js': 'x', 'dist/secret': 's', 'dist/.npmignore': 'gone\n', 'dist/gone': 'g' },
      ...{ 'sub/dist/y.js': 'y', 'npm-shrinkwrap.json': '{}', 'bun.lock': '' },
    }),
  );

  const ignoring = { name: 'ignoring', version: '3.0.0', dependencies: { inner: '1' }, bundleDependencies: ['inner'] };
  const third = createGitRepository(join(root, 'ignoring.git'));
  commits.push(
    third.commit({
      ...{ 'package.json': packageJson(ignoring), '.npmignore': 'test\n*.map\n', '.gitignore': 'kept.js\n' },
      ...{
        'test/a.js': '',
        'index.js.map': '',
        'index.js': 'i',
        'sub/.gitignore': 'no\n',
        'sub/no': '',
        'sub/yes': '',
      },
      'node_modules/inner/package.json': packageJson({ name: 'inner', version: '1.2.0', bin: 'inner.js' }),
      'node_modules/inner/inner.js': 'inner',
      'node_modules/stray/package.json': packageJson({ name: 'stray', version: '1.0.0' }),
    }),
  );

  const [one = '', two = '', three = ''] = commits;
  const files = projectTexts(
    {
      dependencies: {
        plain: `${address('plain.git')}#${one}`,
        '@team/listed': `${address('listed.git')}#main`,
        ignoring: address('ignoring.git'),
        member: '*',
      },
      workspaces: ['member'],
    },
    {
      'node_modules/plain': lockEntry(address('plain.git'), one, plain),
      'node_modules/@team/listed': lockEntry(address('listed.git'), two, { version: '2.0.0' }),
      'node_modules/ignoring': lockEntry(address('ignoring.git'), three, ignoring),
      'node_modules/ignoring/node_modules/inner': { version: '1.2.0', inBundle: true, bin: { inner: 'inner.js' } },
      'node_modules/member': { resolved: 'member', link: true },
      member: { version: '1.0.0', dependencies: { again: `${address('plain.git')}#${one}` } },
      'node_modules/again': lockEntry(address('plain.git'), one, plain),
    },
  );
  const member = { name: 'member', version: '1.0.0', dependencies: { again: `${address('plain.git')}#${one}` } };
  const rest = { 'member/package.json': packageJson(member), '.npmrc': 'allow-git=all\n' };
  const found = await expectSame(tempDir({ ...files, ...rest }));
  expect(found).toContain('node_modules/plain/bin/deep.js');
  expect(found).toContain('node_modules/ignoring/node_modules/inner/inner.js');
  expect(found).not.toContain('node_modules/plain/passwd');
});
