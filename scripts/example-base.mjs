// Stages the root file system of a base image for the example: this Node, the libraries it needs, and a shell.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

const DOCKERFILE = `FROM scratch
COPY rootfs/ /
ENV PATH=${PATH} NODE_VERSION=${process.versions.node}
CMD ["node"]
`;

/** Fills `context` with a Dockerfile and the `rootfs` that it copies. Says on stderr where the shell comes from. */
export function stageBase(context) {
  const root = join(context, 'rootfs');
  rmSync(context, { recursive: true, force: true });
  for (const dir of ['bin', 'etc', 'root', 'home/node', 'tmp', 'usr/local/bin'])
    mkdirSync(join(root, dir), { recursive: true });
  chmodSync(join(root, 'tmp'), 0o1777);
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\nnode:x:1000:1000::/home/node:/bin/sh\n');
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\nnode:x:1000:\n');
  installProgram(root, realpathSync(process.execPath), '/usr/local/bin/node');
  installShell(root);
  writeFileSync(join(context, 'Dockerfile'), DOCKERFILE);
}

/** Copies a program and every shared library that the dynamic loader would give it here. */
function installProgram(root, program, target) {
  install(root, program, target);
  for (const library of librariesOf(program)) install(root, realpathSync(library), library);
}

/** `ldd` prints `name => /path (0x…)` and, for the loader itself, `/path (0x…)`; it fails for a static program. */
function librariesOf(program) {
  const output = attempt('ldd', [program]) ?? '';
  return [...output.matchAll(/(?:=> |^\s*)(\/\S+) \(0x/gm)].map((match) => match[1]);
}

function install(root, source, target) {
  const destination = join(root, target);
  mkdirSync(dirname(destination), { recursive: true });
  copyFileSync(source, destination);
  chmodSync(destination, 0o755);
}

function installShell(root) {
  const busybox = findBusybox();
  if (busybox === undefined) {
    console.error('base image: the shell of this machine (there is no busybox)');
    return installProgram(root, realpathSync('/bin/sh'), '/bin/sh');
  }
  console.error(`base image: busybox ${busybox.from}`);
  installProgram(root, busybox.path, '/bin/busybox');
  for (const applet of execFileSync(busybox.path, ['--list'], { encoding: 'utf8' }).trim().split('\n')) {
    if (applet !== 'busybox') symlinkSync('busybox', join(root, 'bin', applet));
  }
  mkdirSync(join(root, 'usr/bin'), { recursive: true });
  symlinkSync('/bin/env', join(root, 'usr/bin/env'));
  busybox.clean?.();
}

/** Debian's static busybox, from the machine or its package archive; else whatever busybox is on the PATH. */
function findBusybox() {
  const onPath = attempt('sh', ['-c', 'command -v busybox'])?.trim();
  if (onPath && librariesOf(onPath).length === 0)
    return { path: realpathSync(onPath), from: `of this machine, ${onPath}` };
  const downloaded = downloadBusybox();
  if (downloaded !== undefined) return downloaded;
  return onPath ? { path: realpathSync(onPath), from: `of this machine, ${onPath}` } : undefined;
}

function downloadBusybox() {
  if (attempt('apt-get', ['--version']) === undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'lamella-busybox-'));
  chmodSync(folder, 0o755);
  const clean = () => rmSync(folder, { recursive: true, force: true });
  const download = () => attempt('apt-get', ['download', '-qq', 'busybox-static'], folder) !== undefined;
  // A fresh container has no package lists, and only root may fetch them.
  if (!download() && process.getuid() === 0 && attempt('apt-get', ['update', '-qq']) !== undefined) download();
  attempt('sh', ['-c', 'dpkg-deb -x busybox-static_*.deb .'], folder);
  const path = ['bin/busybox', 'usr/bin/busybox']
    .map((name) => join(folder, name))
    .find((candidate) => existsSync(candidate));
  if (path !== undefined) return { path, from: 'from the package busybox-static', clean };
  clean();
  return undefined;
}

/** Standard output of a program, or `undefined` when it is missing or fails. */
function attempt(program, args, cwd) {
  try {
    return execFileSync(program, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return undefined;
  }
}
