import { existsSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createBuilder } from '../support/build.ts';
import type { GitRepository } from '../support/git-repository.ts';
import { FILES, failureOf, IN_LIB, install, projectOf, reasonOf, startRemote } from '../support/npm-git.ts';
import { tempDir } from '../support/temp-dir.ts';

describe('credentials for git', () => {
  it('are those of the host that is asked, and stand nowhere in the image', async () => {
    const { repository, address, url, requests } = await startRemote();
    const files = projectOf(`${address}#${repository.commit(FILES)}`);
    const ofAll = [
      { id: 'GIT_AUTH_TOKEN', value: 'everybody' },
      { id: 'GIT_AUTH_TOKEN.code.invalid', value: 'other' },
    ];
    await install(createBuilder(), files, { secrets: ofAll });
    expect(requests.some(({ headers }) => headers.authorization !== undefined)).toBe(false);
    const own = [{ id: `GIT_AUTH_TOKEN.${new URL(url).host}`, value: 'sesame' }];
    const { paths } = await install(createBuilder(), files, { secrets: own });
    const expected = `Basic ${Buffer.from('x-access-token:sesame').toString('base64')}`;
    expect(requests.at(-1)?.headers.authorization).toBe(expected);
    expect(JSON.stringify([...paths])).not.toMatch(/sesame|c2VzYW1l/);
  });
});

describe('a hostile repository', () => {
  /** A tree that git itself would not make. */
  function commitTree(repository: GitRepository, name: string): string {
    const blob = repository.commit({ ...FILES, x: 'escaped' }) && repository.git('rev-parse', 'HEAD:x');
    const manifest = repository.git('rev-parse', 'HEAD:package.json');
    const entries = [`100644 ${name}`, '100644 package.json'].map((entry, at) =>
      Buffer.concat([Buffer.from(`${entry}\0`), Buffer.from(at === 0 ? blob : manifest, 'hex')]),
    );
    const tree = join(tempDir(), 'tree');
    writeFileSync(tree, Buffer.concat(entries));
    const id = repository.git('hash-object', '-t', 'tree', '--literally', '-w', tree);
    const commit = repository.git('commit-tree', '-m', 'x', id);
    repository.git('update-ref', 'refs/heads/main', commit);
    return commit;
  }

  it.each(['..', '.git', '../escaped'])('with an entry called %j puts nothing anywhere', async (name) => {
    const { repository, address } = await startRemote();
    const builder = createBuilder();
    const commit = commitTree(repository, name);
    const error = await failureOf(install(builder, projectOf(`${address}#${commit}`), { npm: { scripts: 'refuse' } }));
    expect(error.code).toBe('STEP_NPM_GIT_MISSING');
    expect(existsSync(join(builder.cacheDir, 'escaped'))).toBe(false);
  });

  it('with a submodule outside of it, or one that is a program, is not fetched', async () => {
    const { repository, address } = await startRemote();
    const mark = join(tempDir(), 'ran');
    repository.commit(FILES);
    for (const url of [`ext::sh -c "touch ${mark}"`, repository.path]) {
      repository.git('update-index', '--add', '--cacheinfo', `160000,${'1'.repeat(40)},sub`);
      const text = `[submodule "../../x"]\n\tpath = sub\n\turl = ${url}\n[submodule "sub"]\n\tpath = sub\n\turl = ${url}\n`;
      repository.git('rm', '--quiet', '--cached', '--ignore-unmatch', '.gitmodules');
      writeFileSync(join(repository.path, '.gitmodules'), text);
      repository.git('add', '.gitmodules');
      repository.git('commit', '--quiet', '--message', 'x');
      const files = projectOf(`${address}#${repository.git('rev-parse', 'HEAD')}`);
      const { code } = await failureOf(install(createBuilder(), files, { npm: { scripts: 'refuse' } }));
      expect(code).toBe('STEP_NPM_GIT_MISSING');
    }
    expect(existsSync(mark)).toBe(false);
  });

  it('whose package.json is a link has none, and nothing behind its links is read', async () => {
    const { repository, address } = await startRemote();
    repository.commit({ 'lib/a.js': 'a' });
    for (const name of ['package.json', '.npmignore', 'lib/.gitattributes']) {
      symlinkSync('/dev/zero', join(repository.path, name));
    }
    const files = projectOf(`${address}#${repository.commit({})}`);
    expect(await reasonOf(createBuilder(), files)).toContain('no package.json');
  });

  it('whose attributes name filters runs none of them', async () => {
    const { repository, address } = await startRemote();
    const mark = join(tempDir(), 'ran');
    const config = `[filter "x"]\n\tsmudge = touch ${mark}\n\trequired\n`;
    const attributes = { 'lib/.gitattributes': '* filter=x\n', '.gitattributes': '* filter=x\n', '.gitconfig': config };
    const commit = repository.commit({
      ...FILES,
      ...attributes,
      '.git-hooks/post-checkout': `#!/bin/sh\ntouch ${mark}\n`,
    });
    expect((await install(createBuilder(), projectOf(`${address}#${commit}`))).names).toContain(IN_LIB[1]);
    expect(existsSync(mark)).toBe(false);
  });
});
