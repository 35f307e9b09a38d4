import { symlinkSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hasDockerfile, readDockerfile } from '../../src/context/dockerfile.ts';
import { tempDir } from '../support/temp-dir.ts';

describe('readDockerfile (reference, section 1)', () => {
  it('reads Dockerfile in the context', () => {
    const root = tempDir({ Dockerfile: 'FROM a\n', dockerfile: 'FROM b\n' });
    expect(readDockerfile(root)).toEqual({ text: 'FROM a\n', name: 'Dockerfile', path: join(root, 'Dockerfile') });
  });

  it('tries dockerfile where Dockerfile is missing', () => {
    const root = tempDir({ dockerfile: 'FROM b\n', 'sub/dockerfile': 'FROM c\n' });
    expect(readDockerfile(root)).toMatchObject({ text: 'FROM b\n', name: 'dockerfile' });
    expect(readDockerfile(root, { file: join(root, 'sub/Dockerfile') }).text).toBe('FROM c\n');
  });

  it('reads the file that is asked for, wherever it lies', () => {
    const root = tempDir({ 'ctx/Dockerfile': 'FROM a\n', 'build/app.dockerfile': 'FROM b\n' });
    const file = relative(process.cwd(), join(root, 'build/app.dockerfile'));
    expect(readDockerfile(join(root, 'ctx'), { file })).toEqual({
      text: 'FROM b\n',
      name: file,
      path: join(root, 'build/app.dockerfile'),
    });
  });

  it('keeps a byte order mark for the parser', () => {
    expect(readDockerfile(tempDir({ Dockerfile: '\uFEFFFROM a\n' })).text).toBe('\uFEFFFROM a\n');
  });

  it('says where it looked and what else there is', () => {
    const root = tempDir({ 'Dockerfile.prod': '' });
    expect(() => readDockerfile(root)).toThrow(
      expect.objectContaining({
        code: 'CONTEXT_NO_DOCKERFILE',
        message: `no Dockerfile: ${JSON.stringify(join(root, 'Dockerfile'))} does not exist`,
        hint: `looked for Dockerfile and dockerfile in ${root}; did you mean "Dockerfile.prod"?`,
      }),
    );
  });

  it('says of one that cannot be reached what to do', () => {
    const root = tempDir({});
    symlinkSync('Dockerfile', join(root, 'Dockerfile'));
    const unreadable = expect.objectContaining({
      code: 'CONTEXT_UNREADABLE',
      message: `cannot read ${JSON.stringify(join(root, 'Dockerfile'))}: ELOOP`,
      hint: expect.stringContaining('--file'),
    });
    expect(() => readDockerfile(root)).toThrow(unreadable);
    expect(hasDockerfile(root)).toBe(true);
  });

  it('does not look for anything else when another name is asked for', () => {
    const root = tempDir({ dockerfile: '' });
    expect(() => readDockerfile(root, { file: join(root, 'x') })).toThrow(
      expect.objectContaining({ code: 'CONTEXT_NO_DOCKERFILE', hint: expect.stringContaining('looked for x in') }),
    );
  });

  it('refuses a directory', () => {
    expect(() => readDockerfile(tempDir({ 'Dockerfile/': '' }))).toThrow(
      expect.objectContaining({ code: 'CONTEXT_NO_DOCKERFILE', message: expect.stringContaining('is a directory') }),
    );
  });

  it.each([
    ['missing', 'does not exist'],
    ['file', 'is not a directory'],
  ])('refuses a context that is %s', (name, why) => {
    const root = tempDir({ file: '' });
    expect(() => readDockerfile(join(root, name))).toThrow(
      expect.objectContaining({ code: 'CONTEXT_NOT_FOUND', message: expect.stringContaining(why) }),
    );
  });

  it('names the first line that is not UTF-8', () => {
    const bytes = Buffer.concat([Buffer.from('FROM a\nRUN echo é\nRUN echo '), Buffer.from([0xe9, 0x0a])]);
    expect(() => readDockerfile(tempDir({ Dockerfile: bytes }))).toThrow(
      expect.objectContaining({
        code: 'CONTEXT_NOT_UTF8',
        message: expect.stringMatching(/Dockerfile" is not UTF-8: line 3$/),
      }),
    );
  });
});
