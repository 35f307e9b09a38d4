import { join } from 'node:path';
import { expect } from 'vitest';
import type { BuildOptions } from '../../src/build/options.ts';
import { ociLayout } from '../../src/index.ts';
import type { Builder } from './build.ts';
import { type FileServer, startFileServer } from './file-server.ts';
import { createGitRepository, type GitRepository } from './git-repository.ts';
import { readImageTree } from './image-tree.ts';
import { useNpmCache } from './npm-machine.ts';
import { projectTexts } from './npm-packages.ts';
import { tempDir } from './temp-dir.ts';

export interface Remote extends FileServer {
  readonly root: string;
  readonly repository: GitRepository;
  /** As a lockfile has it, without a commit. */
  readonly address: string;
}

export const MANIFEST = { name: 'a', version: '1.0.0', files: ['lib'] };
export const FILES = { 'package.json': JSON.stringify(MANIFEST), 'lib/a.js': 'a', 'test/a.js': 't' };

/** A repository `a.git`, served over HTTP to machines whose npm has nothing. */
export async function startRemote(): Promise<Remote> {
  useNpmCache([]);
  const root = tempDir();
  const server = await startFileServer(() => undefined, root);
  return {
    ...server,
    root,
    repository: createGitRepository(join(root, 'a.git')),
    address: `git+${server.url}/git/a.git`,
  };
}

export type Texts = Readonly<Record<string, string>>;

export function projectOf(resolved: string, more: object = {}): Texts {
  const entry = { version: '1.0.0', resolved };
  return projectTexts({ dependencies: { a: resolved }, ...more }, { 'node_modules/a': entry });
}

export const DOCKERFILE = 'FROM scratch\nWORKDIR /app\nCOPY package*.json ./\nRUN ["npm", "ci"]\n';

export async function install(builder: Builder, files: Texts, options: BuildOptions = {}) {
  const layout = join(tempDir(), 'layout');
  const { npm, ...rest } = options;
  const built = await builder.build({
    files: { Dockerfile: DOCKERFILE, ...files },
    outputs: [ociLayout(layout)],
    npm: { mode: 'native', ...npm },
    ...rest,
  });
  const { paths } = await readImageTree(layout);
  const names = [...paths.keys()].filter((path) => path.startsWith('/app/node_modules/a/')).sort();
  return { ...built, names, paths };
}

/** What the log says before the command would run, which it cannot in an image without files. */
export async function reasonOf(builder: Builder, files: Texts, options: BuildOptions = {}): Promise<string> {
  let said = '';
  const onEvent: BuildOptions['onEvent'] = (event) => {
    if (event.type !== 'log') return;
    said = Buffer.from(event.bytes).toString();
    throw new Error('said');
  };
  await install(builder, files, { ...options, onEvent }).catch((error: Error) => expect(error.message).toBe('said'));
  return said;
}

export async function failureOf(work: Promise<unknown>): Promise<{ code: string; message: string; hint: string }> {
  return await work.then(
    () => expect.unreachable('it did not fail'),
    (error) => error,
  );
}

export const IN_LIB = ['/app/node_modules/a/lib', '/app/node_modules/a/lib/a.js', '/app/node_modules/a/package.json'];
