import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { OverlayFrames } from '../../src/hostd/overlay-frames.ts';
import { tempDir } from '../support/temp-dir.ts';

it('a folder of an overlay is used again without what the kernel left in it', () => {
  const dir = tempDir();
  const frames = new OverlayFrames(dir);
  const folder = frames.take();
  expect(frames.take()).not.toBe(folder);
  const mark = join(folder, 'work', 'work', 'incompat', 'volatile');
  mkdirSync(mark, { recursive: true });
  writeFileSync(join(mark, 'dirty'), '');
  frames.leave(folder);
  expect(frames.take()).toBe(folder);
  expect(readdirSync(folder, { recursive: true })).toEqual(['work']);
  expect(frames.take()).not.toBe(folder);
});

it('a folder in which the kernel made nothing is not used again, and stays for whoever removes them all', () => {
  const frames = new OverlayFrames(tempDir());
  const folder = frames.take();
  frames.leave(folder);
  expect(frames.take()).not.toBe(folder);
  expect(existsSync(folder)).toBe(true);
});
