import { mkdirSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { findProgram, isRunning, startService, stopService, waitUntil } from './process.mjs';
import { say, sayMissing } from './say.mjs';
import { HOME } from './state.mjs';

const TESTS = 'tests with the Docker Engine';

/** A Docker Engine of our own on a socket of its own, without bridge and firewall rules. Needs root. */
export async function startDocker(former) {
  if (former !== undefined && isRunning(former) && (await answers(former.socket))) return former;
  const program = findProgram('dockerd');
  if (program === undefined) return sayMissing('Docker Engine', 'dockerd is not installed', TESTS);
  if (process.getuid?.() !== 0) return sayMissing('Docker Engine', 'only root can start one', TESTS);
  const folder = join(HOME, 'docker');
  const socket = join(folder, 'docker.sock');
  mkdirSync(folder, { recursive: true });
  say(`starting a Docker Engine at ${socket}`);
  const service = {
    ...startService(program, argumentsFor(folder, socket), join(folder, 'log')),
    name: 'the Docker Engine',
  };
  if (await waitUntil(() => answers(socket), 60_000)) return { ...service, socket };
  await stopService(service);
  return sayMissing('Docker Engine', `it does not answer, see ${join(folder, 'log')}`, TESTS);
}

function argumentsFor(folder, socket) {
  return [
    ...['--host', `unix://${socket}`, '--pidfile', join(folder, 'pid')],
    ...['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec')],
    ...['--iptables=false', '--bridge=none'],
  ];
}

async function answers(socketPath) {
  return await new Promise((resolve) => {
    const ping = request({ socketPath, path: '/_ping', timeout: 2000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    ping.on('timeout', () => ping.destroy());
    ping.on('error', () => resolve(false));
    ping.end();
  });
}
