// Looks whether a build is unchanged and prints which modules that took: `find-unchanged-main.ts OPTIONS`.
import { registerHooks } from 'node:module';

const loaded: string[] = [];
registerHooks({
  load(url, context, next) {
    loaded.push(url);
    return next(url, context);
  },
});
const { findUnchanged } = await import('../../src/build/unchanged/find-unchanged.ts');
const result = await findUnchanged(JSON.parse(process.argv[2] ?? '{}'));
console.log(JSON.stringify({ digest: result?.image.descriptor.digest, loaded }));
