import { join } from 'node:path';

/** The content folder of npm's cache. */
export function npmContentFolder(cache: string): string {
  return join(cache, '_cacache', 'content-v2');
}
