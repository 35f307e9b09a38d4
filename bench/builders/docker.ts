import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { sequence } from '../measure/measure.ts';
import { renewFolder } from '../services/aside.ts';
import { type Daemon, startDaemon } from '../services/daemon.ts';
import { findProgram, findPrograms, firstLine } from '../services/programs.ts';
import { createPushRegistry } from '../services/push-registry.ts';
import type { Builder } from './builder.ts';
import { layersOfRegistry, sizeOf } from './layers.ts';
import { emptyFolder, type Tools } from './tools.ts';

const BUILDKIT = { DOCKER_BUILDKIT: '1' };

/**
 * BuildKit inside a Docker Engine of ours. The engine keeps layers uncompressed and has no exporter but the push, so
 * a build includes one to an empty registry, which is not counted itself.
 */
export async function docker(tools: Tools): Promise<Builder | undefined> {
  const client = findPrograms('docker').find(buildsWithBuildKit);
  const engine = findProgram('dockerd');
  const registryProgram = findProgram('docker-registry');
  if (client === undefined || engine === undefined || registryProgram === undefined) return undefined;
  const folder = tools.folder('docker');
  const group = tools.accounting.openGroup('docker');
  const registry = await createPushRegistry(registryProgram, tools.folder('docker-registry'));
  const socket = join(folder, 'socket');
  const tag = `${registry.address}/bench:1`;
  let daemon: Daemon | undefined;
  return {
    name: 'docker',
    version: firstLine(engine, ['--version'])?.match(/version ([^,+]+)/)?.[1] ?? 'unknown',
    what: "Docker's BuildKit: `docker build`, then `docker push` to a registry on the loopback, which compresses",
    group,
    takes: () => true,
    env: BUILDKIT,
    async clear() {
      await daemon?.stop();
      renewFolder(folder);
      await registry.restart();
      const isReady = (): boolean => spawnSync(client, ['-H', `unix://${socket}`, 'version']).status === 0;
      daemon = await startDaemon({
        argv: engineCommand(engine, folder, socket),
        log: join(folder, 'log'),
        group,
        isReady,
      });
    },
    command: ({ workload, context }) => {
      const host = [client, '-H', `unix://${socket}`];
      const network = workload.runs ? ['--network', 'host'] : [];
      return sequence([
        [...host, 'build', '--progress', 'plain', '--tag', tag, ...network, context],
        [...host, 'push', '--quiet', tag],
      ]);
    },
    layerBytes: async () => sizeOf(await layersOfRegistry(registry.address, 'bench', '1')),
    async [Symbol.asyncDispose]() {
      await daemon?.stop();
      await registry.stop();
      await group.close();
      emptyFolder(folder);
    },
  };
}

/** Newer clients need a plug-in for it, and fail without. */
function buildsWithBuildKit(client: string): boolean {
  return spawnSync(client, ['build', '--help'], { env: { ...process.env, ...BUILDKIT } }).status === 0;
}

function engineCommand(engine: string, folder: string, socket: string): string[] {
  return [
    engine,
    ...['--host', `unix://${socket}`, '--pidfile', join(folder, 'pid')],
    ...['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec')],
    ...['--iptables=false', '--bridge=none'],
  ];
}
