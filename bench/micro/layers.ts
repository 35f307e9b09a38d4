import { execFileSync } from 'node:child_process';
import { createReadStream, mkdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { openDirectoryContext } from '../../src/context/directory-context.ts';
import type { Compression } from '../../src/core/media-types.ts';
import { joinPath } from '../../src/core/paths.ts';
import type { ContentWriter } from '../../src/core/ports.ts';
import type { PackEntry } from '../../src/core/toc.ts';
import type { Tree } from '../../src/core/tree.ts';
import { counted, DigestCounter } from '../../src/io/hash.ts';
import { packLayer } from '../../src/layers/pack.ts';
import { readToc } from '../../src/layers/toc.ts';
import { unpackLayer } from '../../src/layers/unpack.ts';
import { quote } from '../measure/measure.ts';
import { drain } from './bytes.ts';
import type { MicroCase, MicroInputs } from './micro-case.ts';

const times = { kind: 'fixed', seconds: 318_211_200 } as const;

/** Packing a folder of small files, and reading and unpacking its tar. */
export function layerCases({ files, scratch }: MicroInputs): MicroCase[] {
  const tar = join(scratch, 'files.tar');
  execFileSync('tar', ['--sort=name', '--numeric-owner', '-cf', tar, '-C', files, '.']);
  const entries = [...packEntries(openDirectoryContext(files))];
  const amount = statSync(tar).size;
  const common = { what: `${entries.length} small files`, amount, unit: 'B' } as const;
  const tarring = `tar --sort=name --numeric-owner -cf - -C ${quote(files)} .`;
  return [
    { ...common, ...packCase(entries, 'none', ['sha256sum', 'sha256sum'], tarring) },
    { ...common, ...packCase(entries, 'gzip', ['pigz -6 -p2', 'pigz -6 -p 2'], tarring) },
    { ...common, ...packCase(entries, 'zstd', ['zstd -3', 'zstd -q -3'], tarring) },
    {
      ...{ ...common, name: 'read a table of contents', run: () => readToc(createReadStream(tar, CHUNKS)) },
      counterpart: { name: 'sha256sum', needs: ['sha256sum'], script: `sha256sum ${quote(tar)} > /dev/null` },
    },
    { ...common, ...unpackCase(tar, scratch) },
  ];
}

const CHUNKS = { highWaterMark: 1 << 20 };

type Part = Pick<MicroCase, 'name' | 'prepare' | 'run' | 'counterpart'>;

function packCase(
  entries: readonly PackEntry[],
  compression: Compression,
  [beside, command]: readonly [string, string],
  tarring: string,
): Part {
  return {
    name: compression === 'none' ? 'pack' : `pack with ${compression}`,
    run: () => packLayer(entries, discard, { times, compression }),
    counterpart: {
      name: `tar | ${beside}`,
      needs: ['tar', command.split(' ')[0] ?? ''],
      script: `${tarring} | ${command} > /dev/null`,
    },
  };
}

function unpackCase(tar: string, scratch: string): Part {
  const root = join(scratch, 'unpacked');
  return {
    name: 'unpack',
    prepare: () => {
      rmSync(root, { recursive: true, force: true });
      mkdirSync(root);
    },
    run: () =>
      unpackLayer({ uncompressed: createReadStream(tar, CHUNKS), root, whiteouts: 'apply', ownership: 'ignore' }),
    counterpart: { name: 'tar -x', needs: ['tar'], script: `tar -xf ${quote(tar)} -C ${quote(root)} --no-same-owner` },
  };
}

/** Hashes what it is given, as every store does, and forgets it. */
const discard: ContentWriter = {
  async write(bytes) {
    const counter = new DigestCounter();
    await drain(counted(bytes, counter));
    return counter.finish();
  },
};

/** Files and folders of a tree as a layer has them: sorted, parents first. */
export function* packEntries(tree: Tree, path = ''): Generator<PackEntry> {
  for (const name of tree.list(path)) {
    const below = joinPath(path, name);
    const node = tree.lookup(below);
    if (node === undefined) continue;
    yield { ...node, path: below };
    if (node.type === 'directory') yield* packEntries(tree, below);
  }
}
