import { join } from 'node:path';
import { sequence } from '../measure/measure.ts';
import { renewFolder } from '../services/aside.ts';
import { findProgram, firstLine } from '../services/programs.ts';
import type { Builder } from './builder.ts';
import { layersOfLayout, sizeOf } from './layers.ts';
import { emptyFolder, type Tools } from './tools.ts';

/** buildah with storage of its own; layers are compressed when the image is written out. */
export function buildah(tools: Tools): Builder | undefined {
  const program = findProgram('buildah');
  if (program === undefined) return undefined;
  const folder = tools.folder('buildah');
  const group = tools.accounting.openGroup('buildah');
  const storage = ['--root', join(folder, 'root'), '--runroot', join(folder, 'run'), '--storage-driver', 'overlay'];
  const layout = join(folder, 'image');
  return {
    name: 'buildah',
    version: firstLine(program, ['--version'])?.split(' ')[2] ?? 'unknown',
    what: '`buildah build --layers`, then `buildah push` to an OCI layout, which compresses',
    group,
    takes: () => true,
    clear: async () => renewFolder(folder),
    command: ({ workload, context }) => {
      const network = workload.runs ? ['--network', 'host'] : [];
      const build = ['build', '--layers', '--tls-verify=false', '--tag', 'bench', ...network, context];
      return sequence([
        [program, ...storage, ...build],
        [program, ...storage, 'push', '--quiet', 'bench', `oci:${layout}:bench`],
      ]);
    },
    layerBytes: async () => sizeOf(layersOfLayout(layout)),
    [Symbol.asyncDispose]: async () => {
      await group.close();
      emptyFolder(folder);
    },
  };
}
