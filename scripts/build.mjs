// Makes dist/ from src/: the library as it is, the programs in one piece. Says nothing when all is well.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
/** What is started by itself: the command line, the sandbox host, and what that one starts. */
const PROGRAMS = ['cli/main', 'hostd/main', 'hostd/launch'];
/** Where an unchanged build ends: all that it needs, and nothing else, is one file. The library is another one. */
const START =
  /\/dist\/(cli\/(main|commands\/build|progress\/create-progress)|build\/unchanged\/find-unchanged|build\/named-paths)\.js$/;
/** What asks registries whether a base image is still the same. */
const REGISTRY = /\/dist\/oci\/registry\/client\.js$/;
const LIBRARY = /\/dist\/index\.js$/;

rmSync(dist, { recursive: true, force: true });
if (compile()) await bundlePrograms();
else process.exitCode = 1;
chmodSync(join(root, 'bin', 'lamella.js'), 0o755);

function compile() {
  const manifest = createRequire(import.meta.url).resolve('typescript/package.json');
  const tsc = join(dirname(manifest), 'bin', 'tsc');
  const { status, error } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.json'], { cwd: root, stdio: 'inherit' });
  if (error !== undefined) console.error(`cannot start the compiler: ${error.message}`);
  return status === 0;
}

/**
 * Loading a module costs more than running most of them (ADR 0011). So each program is a few files, which lie as deep below
 * the root as the modules that they are made of, since these find files beside them. Packages stay packages.
 */
async function bundlePrograms() {
  const bundles = await Promise.all(PROGRAMS.map(bundle));
  for (const folder of new Set(PROGRAMS.map(dirname))) rmSync(join(dist, folder), { recursive: true });
  for (const { fileName, code } of bundles.flat()) {
    mkdirSync(dirname(join(dist, fileName)), { recursive: true });
    writeFileSync(join(dist, fileName), code);
  }
}

/** What is imported late as a module, and in any case in one piece with others, is so on purpose. */
function onLog(level, log, handle) {
  if (log.code !== 'INEFFECTIVE_DYNAMIC_IMPORT') handle(level, log);
}

async function bundle(name) {
  const input = { [name]: join(dist, `${name}.js`) };
  await using build = await rolldown({
    cwd: root,
    input,
    platform: 'node',
    external: /^[^./]/,
    logLevel: 'warn',
    onLog,
  });
  const groups = [
    { name: 'start', test: START, priority: 3 },
    { name: 'registry', test: REGISTRY, priority: 2 },
    { name: 'library', test: LIBRARY, priority: 1 },
  ];
  const { output } = await build.generate({
    chunkFileNames: 'programs/[name]-[hash].js',
    codeSplitting: { groups },
  });
  return output;
}
