import { join } from 'node:path';
import { quote, sequence } from '../measure/measure.ts';
import { renewFolder } from '../services/aside.ts';
import { bareRun } from './bare-run.ts';
import type { Floor, FloorInputs } from './floor.ts';

/** Where a workload has its files, seen from its context. */
const FILES: Readonly<Record<string, string>> = { W1: 'src', W2: 'data', W6: 'src' };

const node: Floor = { name: 'node -e 0', needs: [], command: () => [process.execPath, '-e', '0'] };

const head: Floor = {
  name: 'HEAD of the tag',
  needs: ['curl'],
  command: ({ registry }) => ['curl', '-s', '-o', '/dev/null', '-I', `http://${registry}/v2/busybox/manifests/latest`],
};

const sleep: Floor = { name: 'sleep 2', needs: [], command: () => ['sleep', '2'] };

/** Every builder that runs a command must have the files of the base on disk: the layers are there, and lie in memory. */
const unpackedBase: Floor = {
  name: 'tar -x of the base',
  needs: ['tar'],
  inRoot: true,
  command: ({ layers, scratch }) => {
    const root = join(scratch, 'unpacked');
    renewFolder(root);
    return sequence(layers.map((layer) => ['tar', '-xpzf', layer, '-C', root, '--numeric-owner']));
  },
};

/** The floors beside the builders of a workload, in the order of the report. */
export function floorsOf(workload: string): readonly Floor[] {
  const files = FILES[workload];
  if (files !== undefined) return [...filesFloors(files), node];
  if (workload === 'W3') return [unpackedBase, node, head];
  if (workload === 'W4') return [bareRun.npmCi, unpackedBase, node, head];
  if (workload === 'W5') return [sleep, unpackedBase, node, head];
  if (workload === 'W8') return [bareRun.crun, bareRun.unshare, node, head];
  return [node, head];
}

function filesFloors(files: string): readonly Floor[] {
  const tar = `tar --sort=name --numeric-owner -cf - ${files}`;
  return [
    pipe('tar | pigz -6 -p2', ['pigz'], `${tar} | pigz -6 -p 2 > "$OUT"`),
    pipe('tar | zstd -3', ['zstd'], `${tar} | zstd -q -3 > "$OUT"`),
    pipe('tar | sha256sum', [], `${tar} | sha256sum > "$OUT"`),
    pipe('read + sha256sum', [], `find ${files} -type f -print0 | xargs -0 sha256sum > "$OUT"`),
    pipe('find -printf', [], `find ${files} -printf '%p %y %s %m %T@ %C@ %i\\n' > "$OUT"`),
  ];
}

function pipe(name: string, needs: readonly string[], script: string): Floor {
  const command = ({ context, scratch }: FloorInputs): readonly string[] => {
    const out = quote(join(scratch, 'out'));
    return ['sh', '-c', `cd ${quote(context)} && OUT=${out} && ${script}`];
  };
  return { name, needs, command };
}
