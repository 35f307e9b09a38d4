// Imported before a program: when that ends, the modules that it loaded, files and Node's own, are written to
// $LOADED_MODULES as JSON.
import { writeFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

const loaded: string[] = [];
registerHooks({
  load(url, context, next) {
    loaded.push(url);
    return next(url, context);
  },
});

process.on('exit', () => {
  const { moduleLoadList } = process as unknown as { readonly moduleLoadList: readonly string[] };
  const own = moduleLoadList.flatMap((name) => /^NativeModule (.*)/.exec(name)?.[1] ?? []);
  writeFileSync(process.env.LOADED_MODULES ?? '', JSON.stringify([...loaded, ...own.map((name) => `node:${name}`)]));
});
