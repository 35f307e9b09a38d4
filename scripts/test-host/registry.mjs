import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { findProgram, isRunning, startService, waitUntil } from './process.mjs';
import { say, sayMissing } from './say.mjs';
import { HOME } from './state.mjs';

/** The registry that runs already, or a new one at the wanted, the former or a free port of 127.0.0.1. */
export async function startRegistry(former, wantedPort) {
  if (former !== undefined && isRunning(former) && (await answers(former.address))) return former;
  const program = findProgram('docker-registry');
  if (program === undefined) return sayMissing('registry', 'docker-registry is not installed', 'end-to-end tests');
  const formerPort = former?.address.split(':')[1];
  const port = wantedPort ?? (await freePort(Number(formerPort ?? 0))) ?? (await freePort(0));
  const address = `127.0.0.1:${port}`;
  say(`starting a registry at ${address}`);
  const service = startService(program, ['serve', writeConfig(address)], join(HOME, 'registry.log'));
  if (!(await waitUntil(() => answers(address), 20_000))) {
    throw new Error(`the registry does not answer: see ${join(HOME, 'registry.log')}`);
  }
  return { ...service, name: 'the registry', address };
}

async function answers(address) {
  return await fetch(`http://${address}/v2/`).then(
    (response) => response.ok,
    () => false,
  );
}

/** The port itself when it is free, any free one for 0, else `undefined`. */
async function freePort(port) {
  const server = createServer();
  return await new Promise((resolve) => {
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => {
      const found = server.address().port;
      server.close(() => resolve(found));
    });
  });
}

function writeConfig(address) {
  const path = join(HOME, 'registry.yml');
  const storage = join(HOME, 'registry');
  mkdirSync(storage, { recursive: true });
  const config = {
    version: '0.1',
    log: { level: 'error', accesslog: { disabled: true } },
    storage: { delete: { enabled: true }, filesystem: { rootdirectory: storage } },
    http: { addr: address, secret: 'of tests' },
  };
  writeFileSync(path, JSON.stringify(config));
  return path;
}
