/** Prints what an overlay with changes leaves in its folder when they are taken away; in a mount namespace of its own. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createMounter } from '../../src/hostd/mounter.ts';
import { kernelOverlay } from '../../src/hostd/overlay.ts';

const [dir = ''] = process.argv.slice(2);
const mounter = createMounter();
await mounter.fileSystem('tmpfs', dir, '');
const place = (name: string): string => {
  const path = join(dir, name);
  mkdirSync(path);
  return path;
};
const folder = place('folder');
const mount = kernelOverlay({ mounter, flavor: 'root', ownDir: place('own'), pointsDir: place('points') });
const { upper, merged } = await mount({ folder, lowers: [place('lower')], writable: true });
writeFileSync(join(merged, 'file'), '');
await mounter.unmount(merged);
rmSync(upper, { recursive: true });
console.log(JSON.stringify(readdirSync(folder, { recursive: true })));
