// `npm run example`: builds examples/node-app from nothing but this repository and a Node.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stageBase } from './example-base.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const app = join(root, 'examples/node-app');
const layout = join(app, '.base/layout');
const archive = join(app, 'dist/node-app.tar');

if (!existsSync(join(root, 'dist/cli/main.js'))) run('scripts/build.mjs');

stageBase(join(app, '.base/context'));
lamella('-t', 'node:24-slim', '-o', `type=oci-layout,dest=${layout}`, join(app, '.base/context'));

mkdirSync(join(app, 'dist'), { recursive: true });
const base = ['--build-context', `node:24-slim=oci-layout://${layout}`];
lamella('-t', 'node-app:latest', ...base, '-o', `type=oci,dest=${archive}`, app);

const shown = relative(process.cwd(), archive);
console.log(`
The image is in ${shown}, and in the local store as node-app:latest.

Run it with docker or podman:
  docker load -i ${shown} && docker run --rm -p 3000:3000 node-app:latest
  podman load -i ${shown} && podman run --rm -p 3000:3000 node-app:latest
Push it:
  npx node bin/lamella.js build ${base.map((word) => word.replace(root, '')).join(' ')} -t registry.example.com/node-app --push examples/node-app`);

function lamella(...args) {
  run('bin/lamella.js', 'build', ...args);
}

function run(...words) {
  const { status } = spawnSync(process.execPath, words, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
