import { dirname, join } from 'node:path';
import { ContextError, isBuilderError } from '../core/errors.ts';
import { compileIgnore, type IgnoreMatcher, readIgnoreFile } from '../core/ignore.ts';
import { readContainedFile } from './contained-file.ts';
import { isAbsent, unreadable } from './context-error.ts';
import { decodeText } from './utf8.ts';

/** An ignore file, read and compiled. */
export interface ContextIgnore {
  readonly path: string;
  /** In the order of the file, cleaned. */
  readonly patterns: readonly string[];
  readonly matcher: IgnoreMatcher;
}

/**
 * The ignore file of a context: `<dockerfilePath>.dockerignore` if it is there, and then only that, else
 * `.dockerignore` in the context (reference, section 13). A named context has no Dockerfile.
 * @throws ContextError `CONTEXT_BAD_PATTERN`, `CONTEXT_NOT_UTF8`, `CONTEXT_LINK_OUTSIDE`, `CONTEXT_UNREADABLE`
 */
export function readContextIgnore(contextDir: string, dockerfilePath?: string): ContextIgnore | undefined {
  const folders = [contextDir, ...(dockerfilePath === undefined ? [] : [dirname(dockerfilePath)])];
  for (const path of ignorePaths(contextDir, dockerfilePath)) {
    const bytes = readIfPresent(path, folders);
    if (bytes !== undefined) return parseContextIgnore(path, bytes);
  }
  return undefined;
}

/** Where an ignore file is looked for, in this order. */
export function ignorePaths(contextDir: string, dockerfilePath?: string): string[] {
  const own = dockerfilePath === undefined ? [] : [`${dockerfilePath}.dockerignore`];
  return [...own, join(contextDir, '.dockerignore')];
}

function readIfPresent(path: string, folders: readonly string[]): Uint8Array | undefined {
  try {
    return readContainedFile(path, folders);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw isBuilderError(error) ? error : unreadable(path, error, 'give yourself the right to read it, or remove it');
  }
}

/**
 * Reads what an ignore file holds.
 * @throws ContextError `CONTEXT_BAD_PATTERN`, `CONTEXT_NOT_UTF8`
 */
export function parseContextIgnore(path: string, bytes: Uint8Array): ContextIgnore {
  const patterns = readIgnoreFile(decodeText(bytes, path));
  try {
    return { path, patterns, matcher: compileIgnore(patterns) };
  } catch (error) {
    if (!isBuilderError(error)) throw error;
    throw new ContextError('CONTEXT_BAD_PATTERN', `${path}: ${error.message}`, { hint: error.hint, cause: error });
  }
}
