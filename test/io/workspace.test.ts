import { existsSync, mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { noteControlGroup } from '../../src/io/control-group.ts';
import { isLeased } from '../../src/io/lease.ts';
import { createWorkspace, reclaimWorkspaces, removeWorkspace } from '../../src/io/workspace.ts';
import { startLeaseProcess } from '../support/lease-process.ts';
import { tempDir } from '../support/temp-dir.ts';

const LONG_AGO = new Date('2001-01-01T00:00:00Z');

function makeOldFolder(path: string): void {
  mkdirSync(path, { recursive: true });
  utimesSync(path, LONG_AGO, LONG_AGO);
}

describe('createWorkspace', () => {
  it('makes a folder of its own with a lease and removes it with all that is in it', async () => {
    const parent = join(tempDir(), 'made/on/demand');
    {
      await using first = createWorkspace(parent);
      await using second = createWorkspace(parent);
      expect(first.path).not.toBe(second.path);
      expect(isLeased(join(first.path, 'lease'))).toBe(true);
      mkdirSync(join(first.path, 'a/b'), { recursive: true });
      writeFileSync(join(first.path, 'a/b/file'), 'x');
    }
    expect(readdirSync(parent)).toEqual([]);
  });

  it('is removed with its lease last, so that a removal that was cut short is done by others', async () => {
    const { path } = createWorkspace(tempDir());
    for (const name of ['a', 'z']) writeFileSync(join(path, name), '');
    const removed: string[] = [];
    await removeWorkspace(path, async (part) => void removed.push(relative(path, part)));
    expect(removed.toSorted().slice(1)).toEqual(['a', 'z']);
    expect(removed.at(-1)).toBe('');
  });

  it('takes the control groups along that are noted in it, and no other folder', async () => {
    const [{ path }, groups] = [createWorkspace(tempDir()), tempDir()];
    for (const name of ['lamella-1/inner', 'others']) {
      mkdirSync(join(groups, name), { recursive: true });
    }
    for (const name of ['lamella-1', 'lamella-2', 'others']) noteControlGroup(path, join(groups, name));
    await removeWorkspace(path, (part) => rm(part, { recursive: true }));
    expect(existsSync(path)).toBe(false);
    expect(readdirSync(groups)).toEqual(['others']);
  });

  it('is gone already', async () => {
    const workspace = createWorkspace(tempDir());
    rmSync(workspace.path, { recursive: true });
    await expect(workspace[Symbol.asyncDispose]()).resolves.toBeUndefined();
  });

  it('says which folder it could not be made in', () => {
    const file = join(tempDir(), 'file');
    writeFileSync(file, '');
    expect(() => createWorkspace(file)).toThrow(
      expect.objectContaining({ family: 'host', message: expect.stringContaining(file) }),
    );
  });
});

describe('reclaimWorkspaces', () => {
  it('removes the folder of a killed process and no living one', async () => {
    const parent = tempDir();
    await using mine = createWorkspace(parent);
    const other = await startLeaseProcess();
    const theirs = join(parent, 'build-other');
    await other.tryAcquire(join(theirs, 'lease'));
    writeFileSync(join(theirs, 'unfinished'), 'x');
    const group = join(tempDir(), 'lamella-theirs');
    mkdirSync(group);
    noteControlGroup(theirs, group);

    expect(reclaimWorkspaces(parent).left).toEqual([]);
    expect([theirs, group].map(existsSync)).toEqual([true, true]);

    await other.kill();
    expect(reclaimWorkspaces(parent).left).toEqual([]);
    expect(existsSync(group)).toBe(false);
    expect(readdirSync(parent)).toEqual([mine.path.slice(parent.length + 1)]);
  });

  it('leaves a young folder without a lease to the process that is making it, and removes an old one', () => {
    const parent = tempDir();
    mkdirSync(join(parent, 'build-young'));
    makeOldFolder(join(parent, 'build-old'));
    expect(reclaimWorkspaces(parent).left).toEqual([]);
    expect(readdirSync(parent)).toEqual(['build-young']);
  });

  it('is not stopped by a file or a broken link beside the folders', () => {
    const parent = tempDir();
    writeFileSync(join(parent, 'a-file'), '');
    makeOldFolder(join(parent, 'build-old'));
    expect(reclaimWorkspaces(parent).left).toEqual([]);
    expect(readdirSync(parent)).toEqual(['a-file']);
  });

  it('has nothing to do where no build ever ran', () => {
    expect(reclaimWorkspaces(join(tempDir(), 'missing'))).toEqual({ isAfterKill: false, left: [] });
  });
});
