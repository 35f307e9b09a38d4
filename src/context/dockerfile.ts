import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { ContextError, isBuilderError } from '../core/errors.ts';
import type { SourceText } from '../core/span.ts';
import { suggest } from '../core/suggest.ts';
import { errnoOf } from '../io/host-error.ts';
import { readContainedFile, readNamedFile } from './contained-file.ts';
import { isAbsent, requireDirectory, unreadable } from './context-error.ts';
import { decodeText } from './utf8.ts';

/** The text of a Dockerfile; `name` is the path as people wrote it. */
export interface DockerfileText extends SourceText {
  /** Absolute. */
  readonly path: string;
}

/**
 * Reads `file` (relative to the working directory), by default the Dockerfile in the context; where a file named
 * `Dockerfile` is missing, `dockerfile` is tried (reference, section 1). Links lead within the context, or the folder of a
 * file that was asked for, which is what BuildKit's client sends.
 * @throws ContextError `CONTEXT_NOT_FOUND`, `CONTEXT_NO_DOCKERFILE`, `CONTEXT_LINK_OUTSIDE`, `CONTEXT_UNREADABLE`, `CONTEXT_NOT_UTF8`
 */
export function readDockerfile(contextDir: string, options: { readonly file?: string } = {}): DockerfileText {
  requireDirectory(contextDir);
  const { file } = options;
  for (const path of dockerfilePaths(contextDir, file)) {
    const bytes = readIfPresent(path, () =>
      file === undefined ? readContainedFile(path, [contextDir]) : readNamedFile(path, [contextDir, dirname(path)]),
    );
    if (bytes === undefined) continue;
    return { text: decodeText(bytes, path), name: displayName(path, file), path };
  }
  throw noDockerfile(resolve(file ?? join(contextDir, 'Dockerfile')));
}

/** Where a Dockerfile is looked for, absolute, in this order. */
export function dockerfilePaths(contextDir: string, file?: string): string[] {
  return candidates(resolve(file ?? join(contextDir, 'Dockerfile')));
}

/** Whether {@link readDockerfile} finds one there, be it to complain that it may not be read. */
export function hasDockerfile(contextDir: string): boolean {
  return dockerfilePaths(contextDir).some((path) => {
    try {
      return statSync(path, { throwIfNoEntry: false }) !== undefined;
    } catch {
      return true;
    }
  });
}

function candidates(wanted: string): string[] {
  return basename(wanted) === 'Dockerfile' ? [wanted, join(dirname(wanted), 'dockerfile')] : [wanted];
}

function displayName(path: string, file: string | undefined): string {
  if (file === undefined) return basename(path);
  return basename(path) === basename(file) ? file : join(dirname(file), basename(path));
}

function readIfPresent(path: string, read: () => Uint8Array): Uint8Array | undefined {
  try {
    return read();
  } catch (error) {
    if (isAbsent(error)) return undefined;
    if (isBuilderError(error)) throw error;
    if (errnoOf(error) !== 'EISDIR') {
      throw unreadable(path, error, 'give yourself the right to read it, or name another file with --file');
    }
    throw new ContextError('CONTEXT_NO_DOCKERFILE', `no Dockerfile: ${JSON.stringify(path)} is a directory`, {
      hint: 'give the path of the file with --file',
      cause: error,
    });
  }
}

function noDockerfile(wanted: string): ContextError {
  const directory = dirname(wanted);
  const near = nearName(basename(wanted), namesIn(directory));
  const looked = candidates(wanted).map((path) => basename(path));
  const meant = near === undefined ? 'name another file with --file' : `did you mean ${JSON.stringify(near)}?`;
  return new ContextError('CONTEXT_NO_DOCKERFILE', `no Dockerfile: ${JSON.stringify(wanted)} does not exist`, {
    hint: `looked for ${looked.join(' and ')} in ${directory}; ${meant}`,
  });
}

function nearName(name: string, names: readonly string[]): string | undefined {
  return suggest(name, names) ?? names.find((other) => /dockerfile|containerfile/i.test(other));
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).sort();
  } catch {
    return [];
  }
}
