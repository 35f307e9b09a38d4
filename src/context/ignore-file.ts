import { join } from 'node:path';
import { ContextError, isBuilderError } from '../core/errors.ts';
import { compileIgnore, type IgnoreMatcher, readIgnoreFile } from '../core/ignore.ts';
import { isAbsent, unreadable } from './context-error.ts';
import { readRegularFile } from './read-regular-file.ts';
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
 * @throws ContextError `CONTEXT_BAD_PATTERN`, `CONTEXT_NOT_UTF8`, `CONTEXT_UNREADABLE`
 */
export function readContextIgnore(contextDir: string, dockerfilePath?: string): ContextIgnore | undefined {
  for (const path of ignorePaths(contextDir, dockerfilePath)) {
    const bytes = readIfPresent(path);
    if (bytes !== undefined) return parseContextIgnore(path, bytes);
  }
  return undefined;
}

/** Where an ignore file is looked for, in this order. */
export function ignorePaths(contextDir: string, dockerfilePath?: string): string[] {
  const own = dockerfilePath === undefined ? [] : [`${dockerfilePath}.dockerignore`];
  return [...own, join(contextDir, '.dockerignore')];
}

function readIfPresent(path: string): Uint8Array | undefined {
  try {
    return readRegularFile(path);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw isBuilderError(error) ? error : unreadable(path, error);
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
