import { readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startFileServer } from '../support/file-server.ts';
import { tarOf } from '../support/tar-of.ts';
import { tempDir } from '../support/temp-dir.ts';
import { expected, outcomeOf, SECRET } from './hostile-build.ts';
import { HOSTILE_DOCKERFILES } from './hostile-dockerfiles.ts';

describe('a hostile Dockerfile', () => {
  test.each(HOSTILE_DOCKERFILES)('with $title', async ({ lines, archive, options, outcome }) => {
    const root = tempDir({ 'context/f': 'f', 'context/f2': 'f', 'context/d/': '', 'outside/secret': SECRET });
    const outside = join(root, 'outside');
    symlinkSync(outside, join(root, 'context/d/l'));
    if (archive !== undefined) writeFileSync(join(root, 'context/a.tar'), await tarOf(archive(outside)));
    const { url } = await startFileServer(({ path }) => {
      if (path.startsWith('/x/')) return { body: 'x' };
      const location = path === '/file' ? `file://${outside}/secret` : path;
      return { status: 302, headers: { location } };
    });
    const fill = (text: string): string => text.replaceAll('OUTSIDE', outside).replaceAll('SERVER', url);
    const dockerfileText = lines.map(fill).join('\n');
    const wanted = JSON.parse(fill(JSON.stringify(outcome)));
    const found = await outcomeOf({ context: join(root, 'context'), dockerfileText, ...options }, wanted);
    expect(found).toEqual(expected(wanted));
    expect(readdirSync(outside)).toEqual(['secret']);
  });
});
