import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { renewFolder } from './aside.ts';
import { answersHttp, type Daemon, startDaemon } from './daemon.ts';

/** A registry that is pushed to and can be emptied: host:port stays the same. */
export interface PushRegistry {
  readonly address: string;
  /** Starts it empty. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export async function createPushRegistry(program: string, folder: string): Promise<PushRegistry> {
  const address = `127.0.0.1:${await freePort()}`;
  const storage = join(folder, 'storage');
  mkdirSync(folder, { recursive: true });
  const config = join(folder, 'config.json');
  writeFileSync(config, JSON.stringify(configuration(address, storage)));
  let daemon: Daemon | undefined;
  return {
    address,
    async restart() {
      await daemon?.stop();
      renewFolder(storage);
      const isReady = (): Promise<boolean> => answersHttp(`http://${address}/v2/`);
      daemon = await startDaemon({ argv: [program, 'serve', config], log: join(folder, 'log'), isReady });
    },
    async stop() {
      await daemon?.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function configuration(address: string, storage: string): object {
  return {
    version: '0.1',
    log: { level: 'error', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: storage } },
    http: { addr: address, secret: 'of benchmarks' },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  return await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
