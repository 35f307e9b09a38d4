import { compileIgnorePattern } from '../../core/ignore-pattern.ts';
import { compileMatch } from '../../core/match.ts';
import { joinPath } from '../../core/paths.ts';
import type { Tree } from '../../core/tree.ts';
import { below, namesIn } from './walk.ts';

/** True when a source has `*`, `?` or `[` that is not escaped. */
export function hasWildcard(source: string): boolean {
  return /[*?[]/.test(source.replace(/\\./gs, ''));
}

export function unescapeGlob(source: string): string {
  return source.replace(/\\(.)/gs, '$1');
}

/** Splits a source before its first component with a wildcard. */
export function splitWildcard(source: string): { readonly base: string; readonly pattern: string } {
  const components = source.split('/');
  const first = components.findIndex(hasWildcard);
  return { base: components.slice(0, first).join('/'), pattern: components.slice(first).join('/') };
}

/**
 * Paths below a directory, relative to it, that match the whole pattern by Go's `filepath.Match`, in tree order. What is
 * in a directory that matches is not looked at (reference, section 11).
 * @throws PlanError `PLAN_BAD_PATTERN`
 */
export function matchBelow(tree: Tree, directory: string, pattern: string): string[] {
  const matches = compileMatch(pattern);
  const { mayMatchBelow } = compileIgnorePattern(pattern);
  const found: string[] = [];

  function visit(path: string, levelsLeft: number): void {
    for (const name of namesIn(tree, below(directory, path))) {
      const child = joinPath(path, name);
      if (matches(child)) found.push(child);
      else if (levelsLeft > 0 && mayMatchBelow(child)) visit(child, levelsLeft - 1);
    }
  }

  visit('', slashesIn(pattern));
  return found;
}

/** How many slashes a match can have: those written, and one for each class. */
function slashesIn(pattern: string): number {
  return pattern.split(/[/[]/).length - 1;
}
