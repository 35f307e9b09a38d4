import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readContextIgnore } from '../../src/context/ignore-file.ts';
import { tempDir } from '../support/temp-dir.ts';

describe('readContextIgnore (reference, section 13)', () => {
  it('reads .dockerignore of the context', () => {
    const root = tempDir({ '.dockerignore': '# x\n/a/\n!a/b\n' });
    const ignore = readContextIgnore(root, join(root, 'Dockerfile'));
    expect(ignore).toMatchObject({ path: join(root, '.dockerignore'), patterns: ['a', '!a/b'] });
    expect(ignore?.matcher.ignores('a/c')).toBe(true);
  });

  it('takes only the file that belongs to the Dockerfile, when there is one', () => {
    const root = tempDir({ '.dockerignore': 'a', 'docker/app.dockerignore': 'b' });
    const ignore = readContextIgnore(root, join(root, 'docker/app'));
    expect(ignore?.patterns).toEqual(['b']);
  });

  it('gives undefined where there is none', () => {
    expect(readContextIgnore(tempDir())).toBeUndefined();
  });

  it.each(['[', '!'])('names the file with the bad pattern %s', (pattern) => {
    const root = tempDir({ '.dockerignore': `a\n${pattern}\n` });
    expect(() => readContextIgnore(root)).toThrow(
      expect.objectContaining({
        code: 'CONTEXT_BAD_PATTERN',
        message: expect.stringContaining(`${join(root, '.dockerignore')}: invalid pattern "${pattern}"`),
      }),
    );
  });

  it('refuses a directory of that name', () => {
    expect(() => readContextIgnore(tempDir({ '.dockerignore/': '' }))).toThrow(
      expect.objectContaining({ code: 'CONTEXT_UNREADABLE' }),
    );
  });
});
