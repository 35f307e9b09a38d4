import type { BuildOptions } from '../../src/index.ts';
import { createBuilder, type TestBuild } from './build.ts';

/** Four steps, two of them of the image. */
export const FILES = {
  Dockerfile:
    'FROM scratch AS one\nCOPY a.txt /one/\nWORKDIR /one/w\nFROM scratch\nCOPY --from=one /one /two\nWORKDIR /srv\n',
  'a.txt': 'a'.repeat(100_000),
};

/** A machine of its own: another cache folder, another context folder. */
export function machine(): (options?: BuildOptions) => Promise<TestBuild> {
  const builder = createBuilder();
  return (options = {}) => builder.build({ files: FILES, tags: ['app'], ...options });
}
