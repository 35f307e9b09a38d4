import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { renewFolder } from '../services/aside.ts';
import type { Builder, BuilderName } from './builder.ts';
import { layersOfLayout, sizeOf } from './layers.ts';
import { emptyFolder, type Tools } from './tools.ts';

const REPOSITORY = join(import.meta.dirname, '../..');
export const LAMELLA: string = join(REPOSITORY, 'bin/lamella.js');

/** The best isolation that works here; takes every workload. */
export function lamella(tools: Tools): Builder {
  return createLamella(tools, { name: 'lamella', flags: [], takes: () => true });
}

/** Without an OCI runtime; takes the workloads with RUN, as the others do not differ. */
export function lamellaUnshare(tools: Tools): Builder {
  return createLamella(tools, {
    name: 'lamella unshare',
    flags: ['--isolation', 'unshare'],
    takes: ({ runs }) => runs,
  });
}

/** Without running npm, nor anything else; its packages come from the registry, as those of the others do. */
export function lamellaNative(tools: Tools): Builder {
  return createLamella(tools, {
    name: 'lamella native',
    flags: ['--npm', 'native'],
    takes: ({ installs }) => installs === true,
  });
}

interface Variant {
  readonly name: BuilderName;
  readonly flags: readonly string[];
  readonly takes: Builder['takes'];
}

function createLamella(tools: Tools, { name, flags, takes }: Variant): Builder {
  const folder = tools.folder(name.replace(' ', '-'));
  const group = tools.accounting.openGroup(name.replace(' ', '-'));
  const layout = join(folder, 'image');
  const fixed = ['--cache-dir', join(folder, 'cache'), '-t', 'bench', '-o', `type=oci-layout,dest=${layout}`, ...flags];
  return {
    name,
    version: (JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as { version: string }).version,
    what: `\`lamella build -o type=oci-layout${flags.map((flag) => ` ${flag}`).join('')}\``,
    group,
    takes,
    env: { npm_config_cache: join(folder, 'npm') },
    clear: async () => renewFolder(folder),
    command: ({ workload, context }) => {
      const network = workload.runs ? ['--network', 'host', '--allow', 'network.host'] : [];
      return [process.execPath, LAMELLA, 'build', '--progress', 'plain', ...fixed, ...network, context];
    },
    layerBytes: async () => sizeOf(layersOfLayout(layout)),
    [Symbol.asyncDispose]: async () => {
      await group.close();
      emptyFolder(folder);
    },
  };
}
