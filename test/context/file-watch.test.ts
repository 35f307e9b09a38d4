import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fileIdentity, isUnchangedFile } from '../../src/context/file-watch.ts';
import { tempDir } from '../support/temp-dir.ts';

describe('the identity of a file', () => {
  it.each([
    ['a file', 'file'],
    ['nothing', 'none'],
    ['nothing below a file', 'file/none'],
    ['a name that no file can have', 'n'.repeat(300)],
  ])('is told of %s, and is the same the next time', (_, name) => {
    const path = join(tempDir({ file: 'a' }), name);
    const identity = fileIdentity(path);
    expect(identity.every((value) => value === -1)).toBe(name !== 'file');
    expect(isUnchangedFile(path, identity)).toBe(true);
  });

  it('is refused where nobody can tell whether there is one', () => {
    const path = join(tempDir(), 'loop');
    symlinkSync('loop', path);
    expect(() => fileIdentity(path)).toThrow(
      expect.objectContaining({
        code: 'CONTEXT_UNREADABLE',
        message: `cannot read ${JSON.stringify(path)}: ELOOP`,
        hint: expect.stringContaining('directories above'),
      }),
    );
  });
});
