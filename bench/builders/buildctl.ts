import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { renewFolder } from '../services/aside.ts';
import { type Daemon, startDaemon } from '../services/daemon.ts';
import { findProgram, firstLine } from '../services/programs.ts';
import type { Builder } from './builder.ts';
import { layersOfLayout, sizeOf } from './layers.ts';
import { emptyFolder, type Tools } from './tools.ts';

/** BuildKit by itself, with a daemon of ours. */
export function buildctl(tools: Tools): Builder | undefined {
  const client = findProgram('buildctl');
  const server = findProgram('buildkitd');
  if (client === undefined || server === undefined) return undefined;
  const folder = tools.folder('buildctl');
  const group = tools.accounting.openGroup('buildctl');
  const address = `unix://${join(folder, 'socket')}`;
  const layout = join(folder, 'image');
  let daemon: Daemon | undefined;
  return {
    name: 'buildctl',
    version: firstLine(server, ['--version'])?.split(' ')[2] ?? 'unknown',
    what: 'BuildKit: `buildctl build --output type=oci,tar=false`',
    group,
    takes: () => true,
    async clear() {
      await daemon?.stop();
      renewFolder(folder);
      const rights = ['--allow-insecure-entitlement', 'network.host'];
      const argv = [server, '--root', join(folder, 'root'), '--addr', address, ...rights];
      const isReady = (): boolean => spawnSync(client, ['--addr', address, 'debug', 'workers']).status === 0;
      daemon = await startDaemon({ argv, log: join(folder, 'log'), group, isReady });
    },
    command: ({ workload, context }) => {
      const sources = ['--local', `context=${context}`, '--local', `dockerfile=${context}`];
      const network = ['--allow', 'network.host', '--opt', 'force-network-mode=host'];
      return [
        ...[client, '--addr', address, 'build', '--progress', 'plain', '--frontend', 'dockerfile.v0', ...sources],
        ...['--output', `type=oci,tar=false,dest=${layout}`, ...(workload.runs ? network : [])],
      ];
    },
    layerBytes: async () => sizeOf(layersOfLayout(layout)),
    async [Symbol.asyncDispose]() {
      await daemon?.stop();
      await group.close();
      emptyFolder(folder);
    },
  };
}
