import { readDockerfile } from '../context/dockerfile.ts';
import type { Dockerfile } from '../parser/dockerfile.ts';
import { parse } from '../parser/index.ts';
import type { Settings } from './defaults.ts';
import type { BuildOptions } from './options.ts';

export interface LoadedDockerfile {
  readonly parsed: Dockerfile;
  /** Where it was read from; its ignore file may stand beside it. */
  readonly path?: string;
}

/** @throws ContextError as {@link readDockerfile} does */
export function loadDockerfile(
  options: Pick<BuildOptions, 'dockerfile' | 'dockerfileText'>,
  { contextDir }: Pick<Settings, 'contextDir'>,
): LoadedDockerfile {
  if (options.dockerfileText !== undefined) return { parsed: parse(options.dockerfileText, { name: 'Dockerfile' }) };
  const { dockerfile: file } = options;
  const { text, name, path } = readDockerfile(contextDir, file === undefined ? {} : { file });
  return { parsed: parse(text, { name }), path };
}
