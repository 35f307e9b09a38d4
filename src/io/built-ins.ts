import { createRequire } from 'node:module';

/** Modules of Node that take long to load, and that most builds do without. */
interface BuiltIns {
  readonly 'node:child_process': typeof import('node:child_process');
  readonly 'node:http': typeof import('node:http');
  readonly 'node:https': typeof import('node:https');
  readonly 'node:tls': typeof import('node:tls');
}

/**
 * One of them, when it is used for the first time. Not by `import`, which reads all exports: one of `node:http` loads all of
 * Node's `fetch`.
 */
export const loadBuiltIn: <Name extends keyof BuiltIns>(name: Name) => BuiltIns[Name] = createRequire(import.meta.url);
