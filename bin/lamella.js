#!/usr/bin/env node
/** biome-ignore-all lint/complexity/useArrowFunction: an old Node must be able to read this file */
/** biome-ignore-all lint/complexity/useOptionalChain: an old Node must be able to read this file */
/** biome-ignore-all lint/suspicious/noVar: an old Node must be able to read this file */
/** biome-ignore-all lint/style/useTemplate: an old Node must be able to read this file */

// The versions of "engines" in package.json.
function isSupported(version) {
  var parts = version.split('.').map(Number);
  var major = parts[0];
  var minor = parts[1];
  if (major === 22) return minor > 22 || (minor === 22 && parts[2] >= 2);
  if (major === 24) return minor >= 15;
  return major >= 26;
}

if (isSupported(process.versions.node)) {
  process.getBuiltinModule('node:module').enableCompileCache();
  import('../dist/cli/main.js').then(
    function (cli) {
      return cli.run();
    },
    function (error) {
      console.error(
        error && error.code === 'ERR_MODULE_NOT_FOUND' ? 'lamella is not complete: ' + error.message : error,
      );
      process.exitCode = 1;
    },
  );
} else {
  console.error(
    'lamella needs Node 22 (22.22.2 or newer), 24 (24.15.0 or newer) or 26 and newer; this is Node ' +
      process.versions.node +
      '.',
  );
  console.error('hint: install a newer Node; npm install --save-dev node@24 gives one to the scripts of a project.');
  process.exitCode = 2;
}
