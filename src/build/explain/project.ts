import { join, resolve } from 'node:path';
import { redactAddresses } from '../../core/git-url.ts';
import type { Settings } from '../defaults.ts';
import type { BuildOptions } from '../options.ts';
import { contextAddress } from '../remote/fetched-context.ts';
import type { Project } from './trace-file.ts';

const DOCKERFILE = 'Dockerfile';

/** What is built, in the same words each time: paths are absolute, the Dockerfile of the context is `Dockerfile`. */
export function projectOf(
  options: Pick<BuildOptions, 'context' | 'dockerfile' | 'dockerfileText'>,
  { contextDir }: Pick<Settings, 'contextDir'>,
): Project {
  const { context = '.' } = options;
  if (typeof context !== 'string') return { context: '-', dockerfile: dockerfileOf(options, undefined) };
  const isFolder = contextAddress(context) === undefined;
  return {
    context: isFolder ? contextDir : redactAddresses(context),
    dockerfile: dockerfileOf(options, isFolder ? contextDir : undefined),
  };
}

function dockerfileOf(
  { dockerfile, dockerfileText }: Pick<BuildOptions, 'dockerfile' | 'dockerfileText'>,
  contextDir: string | undefined,
): string {
  if (dockerfileText !== undefined) return '-';
  if (dockerfile === undefined) return DOCKERFILE;
  if (contextAddress(dockerfile) !== undefined) return redactAddresses(dockerfile);
  if (contextDir === undefined) return dockerfile;
  const path = resolve(dockerfile);
  return path === join(contextDir, DOCKERFILE) ? DOCKERFILE : path;
}
