import { describe, expect, it } from 'vitest';
import { bundlesPackages, preparationOf, readGitManifest } from '../../../src/npm/git/preparation.ts';
import { tempDir } from '../../support/temp-dir.ts';

describe('a commit is prepared', () => {
  it.each(['preinstall', 'install', 'postinstall', 'prepare', 'prepack', 'build'])('for the script %s', (name) => {
    expect(preparationOf({ scripts: { [name]: 'x', test: 'y' } })).toEqual([name]);
  });

  it('for workspaces', () => {
    expect(preparationOf({ workspaces: ['a'] })).toEqual(['workspaces']);
  });

  it.each([
    {},
    { scripts: { test: 'x', postpack: 'x', prepublish: 'x', start: 'x' } },
    { scripts: { prepare: '', build: 1 } },
    { scripts: 'build' },
    { scripts: null },
  ])('not for %j', (manifest) => {
    expect(preparationOf(manifest)).toEqual([]);
  });
});

it.each([
  [{ bundleDependencies: ['a'] }, true],
  [{ bundledDependencies: ['a'] }, true],
  [{ bundleDependencies: true }, true],
  [{ bundleDependencies: [] }, false],
  [{ bundleDependencies: false }, false],
  [{}, false],
])('%j bundles packages: %s', (manifest, expected) => {
  expect(bundlesPackages(manifest)).toBe(expected);
});

it.each(['', '[]', '"x"', 'null', '{'])('package.json %j is none', (text) => {
  expect(readGitManifest(tempDir({ 'package.json': text }))).toBeUndefined();
});
