// Gives the end-to-end tests what they need from the machine: packages, a registry with base images, a Docker Engine.
//
//   node scripts/test-host.mjs up [e2e|all] [--port N] [--for PID]   makes ready; safe to run again
//   node scripts/test-host.mjs env                                   NAME=value lines for the tests
//   node scripts/test-host.mjs down [--for PID]                      ends what `up` started, nothing else
//
// `e2e` (the default) is small: a registry and a busybox image. `all` adds a Docker Engine, Debian and Node images, one of
// them for arm64, and the other container tools. With `--for`, services end when the last process that they were started
// for gives them back.
import { parseArgs } from 'node:util';
import { startDocker } from './test-host/docker.mjs';
import { makeImages } from './test-host/images.mjs';
import { installPackages } from './test-host/packages.mjs';
import { isRunning, stopService } from './test-host/process.mjs';
import { startRegistry } from './test-host/registry.mjs';
import { addHolder, livingHolders, readState, removeState, withLock, writeState } from './test-host/state.mjs';
import { findTestUser } from './test-host/user.mjs';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { port: { type: 'string' }, for: { type: 'string' } },
});
const [command = 'up', level = 'e2e'] = positionals;
const holder = values.for === undefined ? undefined : Number(values.for);

if (command === 'up' && ['e2e', 'all'].includes(level)) await withLock(up);
else if (command === 'down') await withLock(down);
else if (command === 'env') printEnvironment();
else fail('usage: test-host.mjs up [e2e|all] [--port N] [--for PID] | env | down [--for PID]');

async function up() {
  const before = readState();
  const host = { ...before, ...addHolder(before, holder) };
  const save = (change) => writeState(Object.assign(host, change));
  installPackages(level);
  save({ user: findTestUser() });
  save({ registry: await startRegistry(host.registry, values.port) });
  if (host.registry !== undefined) await makeImages(host.registry.address, level);
  if (level === 'all') save({ docker: await startDocker(host.docker) });
}

async function down() {
  const state = readState();
  const holders = livingHolders(state).filter(({ pid }) => pid !== holder);
  if (holder !== undefined && (state.kept || holders.length > 0)) return writeState({ ...state, holders });
  for (const service of [state.docker, state.registry]) {
    if (service !== undefined) await stopService(service);
  }
  removeState();
}

function printEnvironment() {
  const { registry, docker, user } = readState();
  if (registry !== undefined && isRunning(registry)) console.log(`LAMELLA_TEST_REGISTRY=${registry.address}`);
  if (docker !== undefined && isRunning(docker)) console.log(`LAMELLA_TEST_DOCKER=unix://${docker.socket}`);
  if (user !== undefined) console.log(`LAMELLA_TEST_USER=${user}`);
}

function fail(message) {
  console.error(message);
  process.exitCode = 2;
}
