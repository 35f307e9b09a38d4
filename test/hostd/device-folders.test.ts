import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DeviceFolders } from '../../src/hostd/device-folder.ts';
import type { Mounter } from '../../src/hostd/mounter.ts';
import { tempDir } from '../support/temp-dir.ts';

/** Mounts nothing but notes: file systems by the last part of their place, and what is moved. */
function notingMounter(fails: () => boolean = () => false): { readonly mounter: Mounter; readonly notes: string[] } {
  const notes: string[] = [];
  const mounter: Mounter = {
    bind: async () => {},
    async fileSystem(type, target, data) {
      if (fails()) throw new Error('refused');
      notes.push(`${type} ${target.split('/').at(-1)}${data.includes('size=7') ? ' of 7' : ''}`);
      await new Promise(setImmediate);
    },
    move: async (_, target) => void notes.push(`moved to ${target.split('/').at(-1)}`),
    overlay: async () => {},
    protect: async () => {},
    unmount: async () => {},
  };
  return { mounter, notes };
}

describe('a /dev that is made ahead', () => {
  const open = (mounter: Mounter): { readonly devices: DeviceFolders; readonly own: string } => {
    const pointsDir = tempDir();
    const own = join(pointsDir, 'own');
    mkdirSync(own);
    return { devices: new DeviceFolders({ mounter, flavor: 'single-id', pointsDir }), own };
  };
  const made = (notes: readonly string[]): number => notes.filter((note) => note === 'tmpfs dev').length;

  it('is moved to the command that comes next, and to one only', async () => {
    const { mounter, notes } = notingMounter();
    const { devices, own } = open(mounter);
    await devices.prepare();
    await devices.mountOn(own, undefined);
    expect(notes.at(-1)).toBe('moved to own');
    await devices.mountOn(own, undefined);
    expect(notes.filter((note) => note === 'moved to own')).toHaveLength(1);
    expect(notes).toContain('tmpfs own');
  });

  it('is made once, however many ask for it at the same time', async () => {
    const { mounter, notes } = notingMounter();
    const { devices } = open(mounter);
    await Promise.all([devices.prepare(), devices.prepare()]);
    expect(made(notes)).toBe(1);
  });

  it('is not for a command that wants another size of shared memory', async () => {
    const { mounter, notes } = notingMounter();
    const { devices, own } = open(mounter);
    await devices.prepare();
    await devices.mountOn(own, 7);
    expect(notes).not.toContain('moved to own');
    expect(notes).toContain('tmpfs shm of 7');
  });

  it('is no failure when it cannot be made: commands have theirs made when they begin', async () => {
    let isRefused = true;
    const { mounter, notes } = notingMounter(() => isRefused);
    const { devices, own } = open(mounter);
    await devices.prepare();
    isRefused = false;
    await devices.prepare();
    expect(made(notes)).toBe(0);
    await devices.mountOn(own, undefined);
    expect(notes).toContain('tmpfs own');
    expect(existsSync(own)).toBe(true);
  });
});
