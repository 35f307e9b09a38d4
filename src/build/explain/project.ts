import { join, resolve } from 'node:path';
import { redactAddresses } from '../../core/git-url.ts';
import { contextAddress } from '../context-address.ts';
import type { Settings } from '../defaults.ts';
import type { BuildOptions } from '../options.ts';
import type { Project } from './trace-file.ts';

const DOCKERFILE = 'Dockerfile';

/** What is built, in the same words each time: paths are absolute, the Dockerfile of the context is `Dockerfile`. */
export function projectOf(
  options: Pick<BuildOptions, 'context' | 'dockerfile' | 'dockerfileText'>,
  { contextDir }: Pick<Settings, 'contextDir'>,
): Project {
  const { context = '.' } = options;
  const folder = typeof context === 'string' && contextAddress(context) === undefined ? contextDir : undefined;
  return {
    context: typeof context === 'string' ? (folder ?? redactAddresses(context)) : '-',
    dockerfile: options.dockerfileText === undefined ? dockerfileName(options.dockerfile, folder) : '-',
  };
}

/** @param contextDir for a context that is a directory */
export function dockerfileName(dockerfile: string | undefined, contextDir: string | undefined): string {
  if (dockerfile === undefined) return DOCKERFILE;
  if (contextAddress(dockerfile) !== undefined) return redactAddresses(dockerfile);
  if (contextDir === undefined) return dockerfile;
  const path = resolve(dockerfile);
  return path === join(contextDir, DOCKERFILE) ? DOCKERFILE : path;
}
