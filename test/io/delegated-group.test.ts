import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { moveProcessesBelow } from '../../src/io/delegated-group.ts';
import { tempDir } from '../support/temp-dir.ts';

const NOBODY = 2 ** 30;

const moved = (folder: string): string => join(folder, 'lamella-processes', 'cgroup.procs');

test('a group of processes that belong together makes room for groups with limits', () => {
  const folder = tempDir({ 'cgroup.procs': `${process.pid}\n${process.ppid}\n` });
  expect(moveProcessesBelow(folder)).toBe(true);
  const pids = new Set(readFileSync(moved(folder), 'utf8').match(new RegExp(`${process.pid}|${process.ppid}`, 'g')));
  expect(pids).toEqual(new Set([String(process.pid), String(process.ppid)]));
});

test('a group in which somebody else runs stays as it is', () => {
  const folder = tempDir({ 'cgroup.procs': `${process.pid}\n${NOBODY}\n` });
  expect(moveProcessesBelow(folder)).toBe(false);
  expect(existsSync(moved(folder))).toBe(false);
});

test('a group without processes needs no room', () => {
  const folder = tempDir({ 'cgroup.procs': '' });
  expect(moveProcessesBelow(folder)).toBe(true);
  expect(existsSync(moved(folder))).toBe(false);
});
