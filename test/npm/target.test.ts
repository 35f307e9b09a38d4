import { describe, expect, it } from 'vitest';
import { parsePlatform } from '../../src/core/platform.ts';
import { libcOf, runsOn, toNpmTarget } from '../../src/npm/target.ts';

const LINUX = { os: 'linux', cpu: 'x64', libc: 'glibc' } as const;

describe('the target of an installation', () => {
  it.each([
    ['linux/amd64', 'linux', 'x64'],
    ['linux/arm64', 'linux', 'arm64'],
    ['linux/arm/v7', 'linux', 'arm'],
    ['linux/386', 'linux', 'ia32'],
    ['windows/amd64', 'win32', 'x64'],
  ])('is named as Node names it: %s', (platform, os, cpu) => {
    expect(toNpmTarget(parsePlatform(platform), 'glibc')).toMatchObject({ os, cpu });
  });

  it('has a C library on linux only', () => {
    expect(toNpmTarget(parsePlatform('windows/amd64'), 'glibc')).not.toHaveProperty('libc');
  });

  it.each([
    [['ld-musl-aarch64.so.1', 'libc.so'], 'musl'],
    [['ld-linux-x86-64.so.2'], 'glibc'],
    [[], 'glibc'],
  ])('finds the C library among %j', (names, expected) => {
    const tree = { lookup: () => undefined, list: (path: string) => (path === 'lib' ? names : []) };
    expect(libcOf(tree)).toBe(expected);
  });
});

describe('a package runs on a target', () => {
  it.each([
    [{}, true],
    [{ os: ['linux'] }, true],
    [{ os: 'linux' }, true],
    [{ os: ['darwin', 'linux'] }, true],
    [{ os: ['darwin'] }, false],
    [{ os: ['!linux'] }, false],
    [{ os: ['!darwin'] }, true],
    [{ os: ['!darwin', 'win32'] }, false],
    [{ os: ['any'] }, true],
    [{ cpu: ['arm64'] }, false],
    [{ cpu: ['x64'], libc: ['musl'] }, false],
    [{ cpu: ['x64'], libc: ['glibc'] }, true],
  ])('with %j: %s', (claims, expected) => {
    expect(runsOn(claims, LINUX)).toBe(expected);
  });

  it('never with a claim on an unknown C library', () => {
    expect(runsOn({ libc: ['glibc'] }, { os: 'linux', cpu: 'x64' })).toBe(false);
  });
});
